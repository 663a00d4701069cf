import { expect, test } from 'vitest'
import { said, verbsOn } from '../conformance/verbs.js'
import { createProject } from '../support/project.js'
import { createDatabase, describeWithTool } from '../support/servers.js'

const PHONE = 'phasegate/20261122093000_phone.sql'

describeWithTool('gh-ost', 'mysql', 'a step that its engine refused', (server) => {
  test('is refused again, not done by the server, and goes to the engine when the reason is gone', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE users (id bigint PRIMARY KEY, email varchar(80))')
    await db.query(
      'CREATE TABLE orders (id int PRIMARY KEY, owner bigint, CONSTRAINT owner FOREIGN KEY (owner) REFERENCES users (id))',
    )
    const files = createProject({
      [PHONE]:
        '-- engine: gh-ost\n-- app-uses: old\n-- phase: expand\nALTER TABLE users ADD COLUMN phone VARCHAR(20);\n',
    })
    const run = verbsOn(files, db)
    for (const attempt of ['first', 'second']) {
      const refused = await run('expand', '--long')
      expect(refused.code, `${attempt}: ${said(refused)}`).toBe(9)
      expect(said(refused)).toContain('ENGINE.REFUSED')
    }
    await db.query('DROP TABLE orders')
    const applied = await run('expand', '--long')
    expect(applied.code, said(applied)).toBe(0)
    expect(said(applied)).toContain('gh-ost is done with users')
  })

  test('its table is closed to another migration while it is prepared, and expand says why', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE users (id bigint PRIMARY KEY, email varchar(80))')
    await db.query("INSERT INTO users VALUES (1, 'a@example.org')")
    const files = createProject({
      [PHONE]:
        '-- engine: gh-ost\n-- app-uses: old\n-- phase: expand\nALTER TABLE users ADD COLUMN phone VARCHAR(20);\n',
      'phasegate/20261122094000_other.sql':
        '-- app-uses: old\n-- phase: expand\nALTER TABLE users ADD COLUMN other int;\n',
      'phasegate.config.ts': `import { defineConfig } from 'phasegate'
        const check = async ({ snapshot }) => ({ name: 'night', state: 'closed', reason: 'it is day', observedAt: snapshot.now })
        export default defineConfig({ gates: { cutover: [{ name: 'night', cost: 0, check }] } })`,
    })
    const run = verbsOn(files, db)
    expect((await run('expand', 'phone', '--long')).code).toBe(3)
    const status = await run('status')
    expect(status.stdout).toMatch(/phone +prepared/)
    expect(status.stdout).toContain('gh-ost held')
    const closed = await run('expand', 'other')
    expect(closed.code, said(closed)).toBe(3)
    expect(said(closed)).toContain(
      'is held: users is closed to other changes until gh-ost is done with it for 20261122093000_phone:expand',
    )
    const cancelled = await run('cancel', 'phone')
    expect(cancelled.code, said(cancelled)).toBe(0)
    expect((await run('expand', 'other')).code).toBe(0)
  })
})

describeWithTool('pt-osc', 'mariadb', 'a tool that cannot hold its swap', (server) => {
  test('is not started while the gate of the cut-over is closed, however often it is asked, nor is the server', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE users (id bigint PRIMARY KEY, email varchar(80))')
    await db.query('CREATE TABLE orders (id int PRIMARY KEY, owner bigint, FOREIGN KEY (owner) REFERENCES users (id))')
    const files = createProject({
      [PHONE]:
        '-- engine: pt-osc\n-- app-uses: old\n-- phase: expand\nALTER TABLE users ADD COLUMN phone VARCHAR(20);\n',
      'phasegate.config.ts': `import { existsSync } from 'node:fs'
        import { defineConfig } from 'phasegate'
        const check = async ({ snapshot }) => ({ name: 'night', state: existsSync('open') ? 'open' : 'closed',
          reason: 'it is day', observedAt: snapshot.now })
        export default defineConfig({ gates: { cutover: [{ name: 'night', cost: 0, check }] } })`,
    })
    const run = verbsOn(files, db)
    for (const attempt of ['first', 'second']) {
      const held = await run('expand', '--long')
      expect(held.code, `${attempt}: ${said(held)}`).toBe(3)
      expect(said(held)).toContain('is held: pt-osc waits: night is closed: it is day')
    }
    files.write('open', '')
    const applied = await run('expand', '--long')
    expect(applied.code, said(applied)).toBe(0)
    expect(said(applied)).toContain('pt-osc is done with users')
  })
})

import { expect, test } from 'vitest'
import { said, verbsOn } from '../conformance/verbs.js'
import { createProject } from '../support/project.js'
import { type AnyServer, createDatabase, describeOnMysql, describeOnPostgres } from '../support/servers.js'
import { startDaemon } from './daemon.js'

const UNIT = '20261122093000_fill:contract'
const project = (confirm: string | undefined) =>
  createProject({
    'phasegate.config.mjs': `export default { contract: { announce: '0ms', confirm: ${JSON.stringify(confirm)} } }`,
    'phasegate/20261122093000_fill.ts': `import { approval, defineMigration, sql } from 'phasegate'
    export default defineMigration({ appUses: 'new',
      expand: ({ schema }) => [schema.alterTable('items', (t) => t.integer('b'))],
      backfill: { table: 'items', set: { b: sql\`a * 2\` }, where: sql\`b IS NULL\` },
      contract: ({ schema }) => [schema.alterTable('items', (t) => t.dropColumn('a'))],
      gates: { contract: [approval()] } })`,
  })

describeOnPostgres(18, 'a worker', runsContracts)
describeOnMysql('mariadb', 'a worker', runsContracts)

function runsContracts(server: AnyServer): void {
  test('applies a contract when its gates open, by the consent of the configuration, and only with --contract', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE items (id int PRIMARY KEY, a int); INSERT INTO items (id, a) VALUES (1, 1), (2, 2)')
    const files = project(db.name)
    const run = verbsOn(files, db)
    expect((await run('expand')).code).toBe(0)
    const without = startDaemon(files, db)
    const daemon = startDaemon(files, db, ['--contract'])
    const idle = await daemon.heard('worker.idle', (line) => line.message.includes(UNIT))
    expect(idle.message).toContain('approval')
    expect((await db.query('SELECT a FROM items ORDER BY id')).map(({ a }) => a)).toEqual([1, 2])
    const approved = await run('approve', UNIT, '--reason', 'looked')
    expect(approved.code, said(approved)).toBe(0)
    await daemon.heard('unit.changed', (line) => line.state === 'applied' && line.unit === UNIT)
    await expect(db.query('SELECT a FROM items')).rejects.toThrow(/a/)
    expect((await db.query('SELECT b FROM items ORDER BY id')).map(({ b }) => b)).toEqual([2, 4])
    await daemon.stop()
    await without.stop()
    expect(without.log().some((line) => line.unit === UNIT)).toBe(false)
  })

  test('that has no consent, or that to another database, does not begin with --contract', async () => {
    const db = await createDatabase(server)
    for (const [confirm, code] of [
      [undefined, 'CONSENT.MISSING'],
      ['production', 'CONSENT.WRONG'],
    ] as const) {
      const ended = await verbsOn(project(confirm), db)('worker', '--contract')
      expect([ended.code, said(ended)]).toEqual([10, expect.stringContaining(code)])
    }
  })
}

import { expect, test } from 'vitest'
import { MIGRATION, on, usersProject, usersSql } from '../lanes/users-project.js'
import { runCli, startCli } from '../support/run-cli.js'
import { createDatabase, describeOnPostgres } from '../support/servers.js'
import { createFolder } from './folder.js'

const UNSAFE = 'ALTER TABLE users DROP COLUMN email'
const UNSAFE_TS = `import { defineMigration, sql } from 'phasegate'
export default defineMigration({ expand: () => [sql\`${UNSAFE}\`] })
`
const WRONG = '-- phase: expand\nALTER TABLE nowhere ADD COLUMN a int;\n'

describeOnPostgres(18, 'what verbs say on a database', (server) => {
  test('status says why a unit failed, and counts the migrations that it lists', async () => {
    const db = await createDatabase(server, { name: 'users', sql: usersSql(10) })
    const project = usersProject({ 'phasegate/20270101000000_wrong.sql': WRONG })
    expect(await runCli(project, ['expand'], on(db.url))).toMatchObject({ code: 9 })
    const status = await runCli(project, ['status'], on(db.url))
    expect(status.stdout).toContain('relation "nowhere" does not exist')
    expect(status.stderr).toContain('pending: 1 expand, 1 backfill, 1 contract')
    const one = await runCli(project, ['status', 'wrong', '--json'], on(db.url))
    expect(one.json<object>()).toMatchObject({
      migrations: [{ name: '20270101000000_wrong' }],
      counts: { expand: 1, backfill: 0, contract: 0 },
    })
    const other = await runCli(project, ['status', MIGRATION, '--json'], on(db.url))
    expect(other.json<object>()).toMatchObject({ counts: { expand: 0, backfill: 1, contract: 1 } })
  })

  test('wait does not wait for what no file has', async () => {
    const db = await createDatabase(server, { name: 'users', sql: usersSql(10) })
    const project = usersProject({ 'phasegate/20270101000000_wrong.sql': WRONG })
    const result = await runCli(project, ['wait', '--for', 'wrong:contract', '--json'], on(db.url))
    expect(result.code).toBe(2)
    expect(result.json<{ error: object }>().error).toMatchObject({ code: 'UNIT.UNKNOWN' })
  })

  test('verify goes on to the other migrations where a contract has taken the old shape away', async () => {
    const db = await createDatabase(server, { name: 'users', sql: usersSql(10) })
    const project = usersProject()
    expect(await runCli(project, ['up', '--confirm', db.name], on(db.url))).toMatchObject({ code: 0 })
    const verify = await runCli(project, ['verify', '--json'], on(db.url))
    expect(verify.code, verify.stderr).toBe(0)
    expect(verify.json<object>()).toMatchObject({
      units: [{ unit: `${MIGRATION}:backfill`, mismatches: null, reason: 'its contract has taken the old shape away' }],
    })
  })

  test('with --json stderr is JSON lines, also when it is stopped', async () => {
    const db = await createDatabase(server, { name: 'users', sql: usersSql(10) })
    const project = usersProject()
    expect(await runCli(project, ['expand'], on(db.url))).toMatchObject({ code: 0 })
    expect(await runCli(project, ['pause', '--reason', 'a test'], on(db.url))).toMatchObject({ code: 0 })
    const held = startCli(project, ['backfill', '--json'], on(db.url))
    await held.waitFor(/"backfill.waiting"/)
    held.kill('SIGTERM')
    const { code, stderr, json } = await held.ended
    expect(code).toBe(143)
    expect(json<{ error: object }>().error).toMatchObject({ code: 'VERB.INTERRUPTED' })
    for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('type')
  })

  test('a verb that would apply what check refuses says how a file of that kind accepts it', async () => {
    const db = await createDatabase(server, { name: 'users', sql: usersSql(10) })
    for (const [file, text, accepts] of [
      ['20261122093002_unsafe.sql', `-- phase: expand\n${UNSAFE};\n`, '-- allow: PHASE.DESTROYS because …'],
      ['20261122093002_unsafe.ts', UNSAFE_TS, "allow('PHASE.DESTROYS', 'because …', …)"],
    ] as const) {
      const expand = await runCli(createFolder({ [`phasegate/${file}`]: text }), ['expand'], on(db.url))
      expect(expand).toMatchObject({ code: 2, stdout: '' })
      expect(expand.stderr).toContain(accepts)
    }
  })
})

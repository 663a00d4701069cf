import { expect, test } from 'vitest'
import { MIGRATION, on, usersProject, usersSql } from '../lanes/users-project.js'
import { runCli } from '../support/run-cli.js'
import {
  createDatabase,
  describeOnPostgres,
  describeWithPgBouncer,
  startPgBouncer,
  startPrivateServer,
} from '../support/servers.js'

/** The coded error of a verb, as `--json` prints it. */
async function errorOf(
  args: readonly string[],
  url: string,
): Promise<{ exit: number | null; code: string; next: string[] }> {
  const result = await runCli(usersProject(), [...args, '--json'], on(url))
  const { error } = result.json<{ error: { code: string; next: string[] } }>()
  return { exit: result.code, code: error.code, next: error.next }
}

describeOnPostgres(18, 'a database that cannot be used', (server) => {
  test('unreachable', async () => {
    expect(await errorOf(['expand'], 'postgresql://app:secret@127.0.0.1:1/shop')).toMatchObject({
      exit: 11,
      code: 'DATABASE.UNREACHABLE',
    })
  })

  test('wrong password, and no error ever shows it', async () => {
    const url = server.url('postgres').replace(/:[^:@/]+@/, ':not-the-password@')
    const result = await runCli(usersProject(), ['expand', '--json', '-v'], on(url))
    expect(result.json<{ error: { code: string } }>().error.code).toBe('DATABASE.AUTHENTICATION')
    expect(result.code).toBe(2)
    expect(result.stdout + result.stderr).not.toContain('not-the-password')
  })

  test('no such database', async () => {
    expect(await errorOf(['status'], server.url('nowhere'))).toMatchObject({ exit: 2, code: 'DATABASE.MISSING' })
  })

  test('a role that may not create the journal, with the GRANT to run', async () => {
    const db = await createDatabase(server)
    await db.query(`DROP ROLE IF EXISTS bare; CREATE ROLE bare LOGIN PASSWORD 'bare'`)
    const url = db.url.replace(/\/\/[^@]+@/, '//bare:bare@')
    const error = await errorOf(['expand'], url)
    expect(error).toMatchObject({ exit: 2, code: 'DATABASE.PERMISSION' })
    expect(error.next.join()).toContain('GRANT CREATE ON DATABASE')
  })

  test('a role that does not own the table: the unit fails with the privilege named, and goes on once it is given', async () => {
    const db = await createDatabase(server, { name: 'users', sql: usersSql(100) })
    await db.query(`DROP ROLE IF EXISTS runner; CREATE ROLE runner LOGIN PASSWORD 'runner';
      GRANT CREATE ON DATABASE "${db.name}" TO runner`)
    const project = usersProject()
    const url = db.url.replace(/\/\/[^@]+@/, '//runner:runner@')
    const failed = await runCli(project, ['expand', '--json'], on(url))
    expect(failed.json<{ units: { error: { code: string } }[] }>().units[0]?.error.code).toBe('DATABASE.PERMISSION')
    await db.query('ALTER TABLE users OWNER TO runner; GRANT CREATE ON SCHEMA public TO runner')
    const again = await runCli(project, ['expand'], on(url))
    expect(again.code, again.stdout + again.stderr).toBe(0)
    await db.query(`REASSIGN OWNED BY runner TO postgres; DROP OWNED BY runner`)
  })

  test('a read-only standby', async () => {
    const standby = await startPrivateServer({ version: 18, fsync: false })
    await standby.becomeStandby()
    expect(await errorOf(['expand'], standby.url('postgres'))).toMatchObject({ exit: 2, code: 'DATABASE.READ_ONLY' })
    const status = await runCli(usersProject(), ['status', '--json'], on(standby.url('postgres')))
    expect(status.code, status.stderr).toBe(0)
  })
})

describeWithPgBouncer('a pooler in between', (server) => {
  test('in transaction mode it is refused with the way out', async () => {
    const db = await createDatabase(server, { name: 'users', sql: usersSql(100) })
    const pooler = await startPgBouncer(db.url, 'transaction')
    const error = await errorOf(['expand'], pooler.url)
    expect(error).toMatchObject({ exit: 2, code: 'DATABASE.POOLER' })
    expect(error.next.join()).toContain('direct')
    expect(await db.query(`SELECT to_regnamespace('phasegate') AS journal`), 'nothing was executed').toEqual([
      { journal: null },
    ])
  })

  test('in session mode it works', async () => {
    const db = await createDatabase(server, { name: 'users', sql: usersSql(100) })
    const pooler = await startPgBouncer(db.url, 'session')
    const result = await runCli(usersProject(), ['expand', '--json'], on(pooler.url))
    expect(result.code, result.stdout + result.stderr).toBe(0)
    expect(result.json<object>()).toMatchObject({ units: [{ unit: `${MIGRATION}:expand`, outcome: 'applied' }] })
    await pooler.stop()
  })
})

import { expect, test } from 'vitest'
import { createProject, type Project } from '../support/project.js'
import { type CliResult, runCli, startCli } from '../support/run-cli.js'
import { createDatabase, describeOnPostgres, describeWithPgRepack, type TestDatabase } from '../support/servers.js'
import {
  assertNothingLeft,
  assertNothingLost,
  COPIED,
  identityOf,
  repackDatabase,
  startWriting,
  until,
} from './repack-setup.js'

const NAME = '20261122093000_note'

/** Takes away a column and gives its room back. */
const migration = (format: 'ts' | 'sql'): Project =>
  format === 'ts'
    ? createProject({
        [`phasegate/${NAME}.ts`]: `
          import { defineMigration } from 'phasegate'
          export default defineMigration({
            appUses: 'new',
            contract: ({ ops }) => [ops.dropColumn('users', 'large'), ops.repack('users')],
          })`,
      })
    : createProject({
        [`phasegate/${NAME}.sql`]:
          '-- app-uses: new\n-- phase: contract\n-- repack: users\nALTER TABLE users DROP COLUMN large;\n',
      })

async function database(server: Parameters<typeof repackDatabase>[0]): Promise<TestDatabase> {
  const db = await repackDatabase(server)
  await db.query('ALTER TABLE users ADD COLUMN large text')
  await db.query(`UPDATE users SET large = repeat('y', 300)`)
  return db
}

const contract = (project: Project, db: TestDatabase): Promise<CliResult> =>
  runCli(project, ['contract', '--confirm', db.name, '--json'], { env: environment(db), timeout: 120_000 })

const environment = (db: TestDatabase): Record<string, string> => ({
  DATABASE_URL: db.url,
  PHASEGATE_CONTRACT_ANNOUNCE: '50ms',
})

const approve = async (project: Project, db: TestDatabase): Promise<void> => {
  const given = await runCli(project, ['approve', `${NAME}:contract`, '--reason', 'test'], { env: environment(db) })
  expect(given.code, given.stderr).toBe(0)
}

const bytesOf = async (db: TestDatabase): Promise<number> =>
  Number((await db.query<{ bytes: string }>(`SELECT pg_total_relation_size('users') AS bytes`))[0]!.bytes)

describeWithPgRepack('a contract with a repack', (server) => {
  test.each(['ts', 'sql'] as const)('drops a column and gives its room back, beside traffic (%s)', async (format) => {
    const db = await database(server)
    const project = migration(format)
    await approve(project, db)
    const before = await bytesOf(db)
    const traffic = await startWriting(db)
    const result = await contract(project, db)
    const { reads, writes } = await traffic.stop()
    expect(result.code, result.stderr + result.stdout).toBe(0)
    expect([...reads.errors, ...writes.errors]).toEqual([])
    expect(await bytesOf(db)).toBeLessThan(before * 0.5)
    await assertNothingLost(db)
    await assertNothingLeft(db)
    const steps = await db.query('SELECT engine, state, written FROM phasegate.step ORDER BY position')
    expect(steps).toMatchObject([
      { engine: 'native', state: 'done' },
      { engine: 'pg_repack', state: 'done', written: 'ops.repack(users)' },
    ])
    expect(result.stderr).toContain('"engine.done"')
  })

  test('plan says who does it', async () => {
    const db = await database(server)
    const plan = await runCli(migration('ts'), ['plan', 'contract'], { env: environment(db) })
    expect(plan.code, plan.stderr).toBe(0)
    expect(plan.stdout).toMatch(/ops\.repack\(users\)/)
    expect(plan.stdout).toMatch(/pg_repack/)
  })

  test('where the tool is refused the unit fails with the reason, and goes on from there when that is gone', async () => {
    const db = await database(server)
    const project = migration('ts')
    await approve(project, db)
    await db.query('DROP EXTENSION pg_repack')
    const failed = await contract(project, db)
    expect(failed.code, failed.stderr).toBe(9)
    expect(failed.stdout + failed.stderr).toMatch(/CREATE EXTENSION pg_repack/)
    expect(await db.query(`SELECT FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'large'`)).toEqual(
      [],
    )
    const file = await identityOf(db)
    await db.query('CREATE EXTENSION pg_repack')
    const again = await contract(project, db)
    expect(again.code, again.stderr + again.stdout).toBe(0)
    expect(await identityOf(db)).not.toBe(file)
  })

  test('the runner is killed while the tool works: the same command takes it up', async () => {
    const db = await database(server)
    const project = migration('ts')
    await approve(project, db)
    const file = await identityOf(db)
    const holder = await db.connect()
    await holder.query('BEGIN; SELECT pg_current_xact_id()')
    const first = startCli(project, ['contract', '--confirm', db.name], { env: environment(db) })
    await until(db, COPIED)
    first.kill('SIGKILL')
    await first.ended
    await holder.query('ROLLBACK')
    const again = await contract(project, db)
    expect(again.code, again.stderr + again.stdout).toBe(0)
    expect(again.stderr).not.toContain('"how":"new"')
    expect(await identityOf(db)).not.toBe(file)
    await assertNothingLeft(db)
    expect(await db.query(`SELECT state FROM phasegate.unit`)).toEqual([{ state: 'applied' }])
  })
})

describeOnPostgres(18, 'up with a repack', (server) => {
  test('an empty database does without', async () => {
    const db = await createDatabase(server)
    const project = createProject({
      'phasegate.config.mjs': 'export default { disposable: true }',
      [`phasegate/${NAME}.ts`]: `
        import { defineMigration } from 'phasegate'
        export default defineMigration({
          appUses: 'new',
          expand: ({ ops }) => [ops.createTable('users', (t) => { t.bigIncrements('id') })],
          contract: ({ ops }) => [ops.repack('users')],
        })`,
    })
    const result = await runCli(project, ['up', '--confirm', db.name], { env: environment(db) })
    expect(result.code, result.stderr + result.stdout).toBe(0)
  })
})

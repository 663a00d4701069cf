import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createProject, type Project } from '../support/project.js'
import { type CliResult, runCli, startCli } from '../support/run-cli.js'
import { createDatabase, describeOnPostgres, type TestDatabase } from '../support/servers.js'
import { on, usersProject, usersSql } from './users-project.js'

const NAME = '20261122093000_two'
const FILE = `phasegate/${NAME}.sql`
const expandSql = (...statements: string[]): string =>
  `-- phase: expand\n${statements.map((one) => `${one};\n`).join('')}`

describeOnPostgres(18, 'a revert', (server) => {
  const run = (project: Project, db: TestDatabase, ...args: string[]): Promise<CliResult> =>
    runCli(project, args, on(db.url))
  const ofUsers = (rows = 100): Promise<TestDatabase> => createDatabase(server, { name: 'users', sql: usersSql(rows) })
  const state = async (db: TestDatabase, phase: string): Promise<unknown> =>
    (await db.query(`SELECT state FROM phasegate.unit WHERE phase = '${phase}'`))[0]?.state
  const until = async (db: TestDatabase, phase: string, wanted: string): Promise<void> => {
    for (let waited = 0; (await state(db, phase)) !== wanted; waited++) {
      if (waited > 400) throw new Error(`${phase} is not ${wanted} but ${await state(db, phase)}`)
      await sleep(50)
    }
  }

  test('of a failed expand leaves alone what its failed step would have made, and was there before', async () => {
    const db = await ofUsers()
    await db.query(`ALTER TABLE users ADD COLUMN b text; UPDATE users SET b = 'precious'`)
    const project = createProject({
      [FILE]: expandSql('ALTER TABLE users ADD COLUMN a int', 'ALTER TABLE users ADD COLUMN b text'),
    })
    expect(await run(project, db, 'expand')).toMatchObject({ code: 9 })
    const reverted = await run(project, db, 'revert', 'two', '--confirm', db.name)
    expect(reverted.code, reverted.stdout + reverted.stderr).toBe(0)
    expect(await db.query(`SELECT DISTINCT b FROM users`)).toEqual([{ b: 'precious' }])
    const left = `SELECT string_agg(attname, ',' ORDER BY attnum) AS columns FROM pg_attribute
                  WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped`
    expect(await db.query(left)).toEqual([{ columns: 'id,email,verified_at,b' }])
  }, 180_000)

  test('leaves an index alone that was there before its step began', async () => {
    const db = await ofUsers()
    await db.query('CREATE INDEX users_email ON users (email)')
    const project = createProject({
      [FILE]: expandSql('ALTER TABLE users ADD COLUMN a int', 'CREATE INDEX users_email ON users (email)'),
    })
    const expanded = await run(project, db, 'expand')
    expect(expanded.code, expanded.stdout + expanded.stderr).toBe(0)
    const reverted = await run(project, db, 'revert', 'two', '--confirm', db.name)
    expect(reverted.code, reverted.stdout + reverted.stderr).toBe(0)
    expect(await db.query(`SELECT to_regclass('users_email') IS NOT NULL AS there`)).toEqual([{ there: true }])
  }, 180_000)

  test('of a file that changed since is refused: it would undo something else', async () => {
    const db = await ofUsers()
    const project = createProject({ [FILE]: expandSql('ALTER TABLE users ADD COLUMN a int') })
    expect(await run(project, db, 'expand')).toMatchObject({ code: 0 })
    await db.query(`ALTER TABLE users ADD COLUMN b text DEFAULT 'precious'`)
    project.write(FILE, expandSql('ALTER TABLE users ADD COLUMN b text'))
    const refused = await run(project, db, 'revert', 'two', '--confirm', db.name)
    expect(refused.code, refused.stdout + refused.stderr).toBe(7)
    expect(await db.query('SELECT DISTINCT b FROM users')).toEqual([{ b: 'precious' }])
  }, 180_000)

  test('that failed midway is not gone on with by expand, and the same command finishes it', async () => {
    const db = await ofUsers()
    const project = createProject({
      [FILE]: expandSql('ALTER TABLE users ADD COLUMN a int', 'ALTER TABLE users ADD COLUMN b int'),
    })
    expect(await run(project, db, 'expand')).toMatchObject({ code: 0 })
    await db.query('CREATE VIEW needs_a AS SELECT a FROM users')
    expect(await run(project, db, 'revert', 'two', '--confirm', db.name)).toMatchObject({ code: 9 })
    for (const args of [['expand'], ['expand', 'two'], ['up', '--confirm', db.name]]) {
      const result = await runCli(project, args, on(db.url, { PHASEGATE_DISPOSABLE: '1' }))
      expect(result.code, args.join(' ') + result.stdout + result.stderr).toBe(3)
      expect(result.stdout).toContain('phasegate revert')
    }
    expect(await state(db, 'expand')).toBe('reverting')
    await db.query('DROP VIEW needs_a')
    const again = await run(project, db, 'revert', 'two')
    expect(again.code, 'it has consent already').toBe(0)
    expect(await state(db, 'expand')).toBe('reverted')

    expect(await run(project, db, 'plan', 'expand', '--out', 'plan.json')).toMatchObject({ code: 0 })
    expect(await run(project, db, 'expand', '--plan', 'plan.json')).toMatchObject({ code: 0 })
    expect(await state(db, 'expand'), 'a saved plan that says reverted runs nothing').toBe('reverted')
  }, 180_000)

  test('with a statement that is wrong goes on once the file is right', async () => {
    const db = await ofUsers()
    const file = (revert: string): string =>
      `${expandSql('ALTER TABLE users ADD COLUMN a int', 'ALTER TABLE users ADD COLUMN b int')}-- phase: revert\nALTER TABLE users DROP COLUMN b;\n${revert};\n`
    const project = createProject({ [FILE]: file('ALTER TABLE users DROP COLUMN nothing') })
    expect(await run(project, db, 'expand')).toMatchObject({ code: 0 })
    expect(await run(project, db, 'revert', 'two', '--confirm', db.name)).toMatchObject({ code: 9 })
    project.write(FILE, file('ALTER TABLE users DROP COLUMN a'))
    const again = await run(project, db, 'revert', 'two')
    expect(again.code, again.stdout + again.stderr).toBe(0)
    expect(await state(db, 'expand')).toBe('reverted')
  }, 180_000)

  test('forgets how far the backfill came: after another expand each row is filled again', async () => {
    const db = await ofUsers()
    const project = createProject({
      [`phasegate/${NAME}.ts`]: `
import { defineMigration, sql } from 'phasegate'
export default defineMigration({
  appUses: 'both',
  expand: ({ ops }) => [ops.addColumn('users', 'n', 'integer')],
  backfill: { table: 'users', set: { n: sql\`coalesce(n, 0) + 1\` }, once: true },
})`,
    })
    for (const args of [
      ['expand'],
      ['backfill'],
      ['revert', 'two', '--confirm', db.name],
      ['expand', 'two'],
      ['backfill'],
    ]) {
      const result = await run(project, db, ...args)
      expect(result.code, args.join(' ') + result.stdout + result.stderr).toBe(0)
    }
    expect(await db.query('SELECT DISTINCT n FROM users')).toEqual([{ n: 1 }])
  }, 180_000)

  test('that its gate refuses ends no backfill; one that goes ahead ends it for good, in every process that works on it', async () => {
    const db = await ofUsers(50_000)
    const project = usersProject()
    const slow = { PHASEGATE_BATCH_SIZE: '10', PHASEGATE_BATCH_TIME: '1ms' }
    expect(await run(project, db, 'expand')).toMatchObject({ code: 0 })
    const works = startCli(project, ['backfill'], { ...on(db.url, slow), timeout: 120_000 })
    await until(db, 'backfill', 'running')
    const joins = startCli(project, ['backfill'], { ...on(db.url, slow), timeout: 120_000 })
    await joins.waitFor(/resumed/)

    await db.query(`INSERT INTO phasegate.build (digest, application, manifest)
        VALUES ('d', 'api', '{"migrations": [{"name": "20261122093000_email_verified", "appUses": "both"}]}');
      INSERT INTO phasegate.instance (id, digest, expires_at) VALUES ('i', 'd', now() + interval '1 hour')`)
    const refused = await run(project, db, 'revert', 'email_verified', '--confirm', db.name)
    expect(refused.code, refused.stdout + refused.stderr).toBe(3)
    expect(await state(db, 'backfill')).toBe('running')
    await db.query('DELETE FROM phasegate.instance')

    expect(await run(project, db, 'pause', 'email_verified')).toMatchObject({ code: 0 })
    await until(db, 'backfill', 'paused')
    const reverted = await run(project, db, 'revert', 'email_verified', '--confirm', db.name)
    expect(reverted.code, reverted.stdout + reverted.stderr).toBe(0)
    for (const process of [works, joins]) expect([3, 4]).toContain((await process.ended).code)
    expect(await state(db, 'backfill')).toBe('reverted')
    expect(await state(db, 'expand')).toBe('reverted')
  }, 180_000)

  test('a backfill that is cancelled is so for every process that works on it', async () => {
    const db = await ofUsers(50_000)
    const project = usersProject()
    const slow = { PHASEGATE_BATCH_SIZE: '10', PHASEGATE_BATCH_TIME: '1ms' }
    expect(await run(project, db, 'expand')).toMatchObject({ code: 0 })
    const works = startCli(project, ['backfill'], { ...on(db.url, slow), timeout: 120_000 })
    await until(db, 'backfill', 'running')
    const joins = startCli(project, ['backfill'], { ...on(db.url, slow), timeout: 120_000 })
    await joins.waitFor(/resumed/)
    expect(await run(project, db, 'cancel', 'email_verified')).toMatchObject({ code: 0 })
    for (const process of [works, joins]) expect((await process.ended).code).toBe(4)
    expect(await state(db, 'backfill')).toBe('cancelled')
  }, 180_000)
})

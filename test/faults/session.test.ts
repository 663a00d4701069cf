import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { on, usersProject, usersSql } from '../lanes/users-project.js'
import { createProject, type Project } from '../support/project.js'
import { type CliResult, runCli, startCli } from '../support/run-cli.js'
import { createDatabase, describeOnPostgres, type TestDatabase } from '../support/servers.js'

const FILE = 'phasegate/20261122093000_one.sql'
const INDEX = { [FILE]: '-- phase: expand\nCREATE INDEX users_email ON users (email);\n' }

describeOnPostgres(18, 'the session that works', (server) => {
  const run = (project: Project, db: TestDatabase, ...args: string[]): Promise<CliResult> =>
    runCli(project, args, on(db.url))
  const ofUsers = (): Promise<TestDatabase> => createDatabase(server, { name: 'users', sql: usersSql(2000) })
  const until = async (db: TestDatabase, query: string): Promise<void> => {
    for (let waited = 0; (await db.query(query)).length === 0; waited++) {
      if (waited > 600) throw new Error(`never true: ${query}`)
      await sleep(25)
    }
  }
  const building = `SELECT 1 FROM pg_stat_progress_create_index WHERE datname = current_database()`

  test('is not cut short by timeouts of its role: a concurrent build takes as long as it takes', async () => {
    const db = await ofUsers()
    const holder = await db.connect()
    await holder.query('BEGIN; UPDATE users SET email = email WHERE id = 1')
    await db.query(
      `ALTER DATABASE "${db.name}" SET statement_timeout = '400ms'; ALTER DATABASE "${db.name}" SET lock_timeout = '300ms'`,
    )
    const build = startCli(createProject(INDEX), ['expand', '-v'], on(db.url))
    await until(db, building)
    await sleep(1000)
    await holder.query('COMMIT')
    const result = await build.ended
    expect(result.code, result.stdout + result.stderr).toBe(0)
    expect(result.stderr, 'in one attempt').not.toContain('timeout')
    expect(await db.query(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_email'::regclass`)).toEqual([
      { indisvalid: true },
    ])
  }, 180_000)

  test('goes on where there is no second connection to watch it with', async () => {
    const db = await ofUsers()
    await db.query(`DROP ROLE IF EXISTS lonely; CREATE ROLE lonely LOGIN PASSWORD 'lonely';
      GRANT CREATE ON DATABASE "${db.name}" TO lonely; GRANT CREATE ON SCHEMA public TO lonely; ALTER TABLE users OWNER TO lonely`)
    const holder = await db.connect()
    await holder.query('BEGIN; UPDATE users SET email = email WHERE id = 1')
    const build = startCli(createProject(INDEX), ['expand', '-v'], on(db.url.replace(/\/\/[^@]+@/, '//lonely:lonely@')))
    await until(db, `SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND state = 'active'`)
    await db.query('ALTER ROLE lonely CONNECTION LIMIT 1')
    await sleep(3000)
    await holder.query('COMMIT')
    const result = await build.ended
    await db.query(`REASSIGN OWNED BY lonely TO postgres; DROP OWNED BY lonely`)
    expect(result.code, result.stdout + result.stderr).toBe(0)
  }, 180_000)

  test('looks who is in the way also for names with capitals and spaces', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE "Old Users" (id int PRIMARY KEY)`)
    const holder = await db.connect()
    await holder.query(`SET application_name = 'nightly report'; BEGIN; SELECT count(*) FROM "Old Users"`)
    await sleep(1200)
    const project = createProject({ [FILE]: '-- phase: expand\nALTER TABLE "Old Users" ADD COLUMN flag boolean;\n' })
    const env = { PHASEGATE_RETRIES: '2' }
    const held = await runCli(project, ['expand'], on(db.url, env))
    expect(held.code, held.stdout + held.stderr).toBe(6)
    expect(held.stdout + held.stderr).toContain('nightly report')
    expect(held.stdout + held.stderr, 'it never queued').toContain('an old transaction')
    await holder.query('ROLLBACK')
    expect(await runCli(project, ['expand'], on(db.url))).toMatchObject({ code: 0 })
  }, 180_000)

  test('a statement that was under way and that nothing can decide stops for a person, who can then go on', async () => {
    const db = await ofUsers()
    await db.query('CREATE INDEX users_email ON users (email)')
    const add = 'ALTER TABLE users ADD COLUMN a int;\n'
    const project = createProject({ [FILE]: `-- phase: expand\nREINDEX INDEX CONCURRENTLY users_email;\n${add}` })
    const holder = await db.connect()
    await holder.query('BEGIN; UPDATE users SET email = email WHERE id = 1')
    const killed = startCli(project, ['expand'], on(db.url))
    await until(db, building)
    killed.kill()
    await killed.ended
    await db.query(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'REINDEX%'`,
    )
    await holder.query('COMMIT')
    const undecided = await run(project, db, 'expand')
    expect(undecided.code, undecided.stdout + undecided.stderr).toBe(9)
    expect(undecided.stdout + undecided.stderr).toContain('STEP.UNDECIDED')
    const shown = await run(project, db, 'repair', `${FILE.replace(/^.*\/|\.sql$/g, '')}:expand`)
    expect(shown.stdout).toContain('REINDEX INDEX CONCURRENTLY users_email')
    project.write(FILE, `-- phase: expand\n${add}`)
    const decided = await run(project, db, 'expand')
    expect(decided.code, decided.stdout + decided.stderr).toBe(0)
  }, 180_000)

  test('a runner that lost its session after the lock went to another one does nothing twice', async () => {
    const db = await ofUsers()
    const project = createProject({
      [FILE]: `-- phase: expand\nCREATE TABLE log (n int);\nALTER TABLE users ADD COLUMN a int;\n-- allow: PHASE.WRITES because a test counts\nINSERT INTO log VALUES (1);\n`,
    })
    const holder = await db.connect()
    await holder.query('BEGIN; SELECT count(*) FROM users')
    await sleep(1000)
    const first = startCli(project, ['expand'], on(db.url))
    await until(db, `SELECT 1 FROM pg_class WHERE relname = 'log'`)
    const second = startCli(project, ['expand'], on(db.url))
    await second.waitFor(/waiting for the expand lock/)
    await db.query(`SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
    await sleep(500)
    await holder.query('COMMIT')
    for (const runner of [first, second]) {
      const result = await runner.ended
      expect(result.code, result.stdout + result.stderr).toBe(0)
    }
    expect(await db.query('SELECT count(*)::int AS n FROM log')).toEqual([{ n: 1 }])
  }, 180_000)

  test('up asks again under the locks whether the database is still empty', async () => {
    const db = await ofUsers()
    const project = usersProject()
    expect(await run(project, db, 'approve', 'email_verified:contract', '--reason', 'ok')).toMatchObject({ code: 0 })
    const holder = await db.connect()
    await holder.query('SELECT pg_advisory_lock(1885888883, 2)')
    const up = startCli(project, ['up', '--confirm', db.name], on(db.url))
    await up.waitFor(/waiting for the expand lock/)
    await db.query(
      `INSERT INTO phasegate.unit (migration, phase, state, fingerprint) VALUES ('20260101000000_first', 'expand', 'applied', '1:x')`,
    )
    await holder.query('SELECT pg_advisory_unlock(1885888883, 2)')
    const result = await up.ended
    expect(result.code, result.stdout + result.stderr).toBe(10)
    expect(result.stderr).toContain('UP.IN_USE')
  }, 180_000)
})

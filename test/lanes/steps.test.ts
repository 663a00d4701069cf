import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createProject, type Project } from '../support/project.js'
import { type CliResult, runCli, startCli } from '../support/run-cli.js'
import { createDatabase, describeOnPostgres, type TestDatabase } from '../support/servers.js'
import { on, usersSql } from './users-project.js'

const ONE = 'phasegate/20261122093000_one.sql'
const TWO = 'phasegate/20261123093000_two.sql'
const add = (column: string): string => `-- phase: expand\nALTER TABLE users ADD COLUMN ${column} int;\n`

describeOnPostgres(18, 'a step', (server) => {
  const ofUsers = (): Promise<TestDatabase> => createDatabase(server, { name: 'users', sql: usersSql(100) })
  const run = (project: Project, db: TestDatabase, ...args: string[]): Promise<CliResult> =>
    runCli(project, args, on(db.url))
  const columns = async (db: TestDatabase): Promise<unknown> =>
    (
      await db.query(`SELECT string_agg(attname, ',' ORDER BY attnum) AS columns FROM pg_attribute
        WHERE attrelid = 'users'::regclass AND attnum > 3 AND NOT attisdropped`)
    )[0]?.columns
  const until = async (db: TestDatabase, query: string): Promise<void> => {
    for (let waited = 0; (await db.query(query)).length === 0; waited++) {
      if (waited > 600) throw new Error(`never true: ${query}`)
      await sleep(25)
    }
  }

  test('and its journal row are there together, or neither is', async () => {
    const db = await ofUsers()
    const project = createProject({ [ONE]: add('a') })
    await run(project, db, 'approve', 'one:expand', '--reason', 'makes the journal')
    await db.query(`CREATE FUNCTION no_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no row'; END $$;
      CREATE TRIGGER no_row BEFORE UPDATE ON phasegate.step FOR EACH ROW EXECUTE FUNCTION no_row()`)
    expect(await run(project, db, 'expand')).toMatchObject({ code: 9 })
    expect(await columns(db)).toBeNull()
    await db.query('DROP TRIGGER no_row ON phasegate.step')
    expect(await run(project, db, 'expand')).toMatchObject({ code: 0 })
    expect(await columns(db)).toBe('a')
  }, 180_000)

  test('that somebody else has finished meanwhile is not done once more', async () => {
    const db = await ofUsers()
    const project = createProject({ [ONE]: add('a') })
    const holder = await db.connect()
    await holder.query('BEGIN; SELECT count(*) FROM users')
    await sleep(1000)
    const waits = startCli(project, ['expand'], on(db.url))
    await until(db, `SELECT 1 FROM pg_class WHERE relname = 'step' AND relnamespace = to_regnamespace('phasegate')`)
    await until(db, 'SELECT 1 FROM phasegate.step')
    await db.query(`UPDATE phasegate.step SET state = 'done'`)
    await holder.query('COMMIT')
    const result = await waits.ended
    expect(result.code, result.stdout + result.stderr).toBe(1)
    expect(await columns(db), 'its transaction went down').toBeNull()
  }, 180_000)

  test('of a unit whose gate closed while the unit before it ran does not begin', async () => {
    const db = await ofUsers()
    const project = createProject({
      [ONE]: add('a'),
      [TWO]: add('b'),
      'phasegate.config.ts': `import { approval, defineConfig } from 'phasegate'\nexport default defineConfig({ gates: { expand: [approval()] } })`,
    })
    for (const unit of ['one:expand', 'two:expand'])
      expect(await run(project, db, 'approve', unit, '--reason', 'ok')).toMatchObject({ code: 0 })
    await db.query(`CREATE FUNCTION revoke_it() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE phasegate.approval SET revoked_at = clock_timestamp() WHERE migration LIKE '%two'; END $$;
      CREATE EVENT TRIGGER revoke_it ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION revoke_it()`)
    const result = await run(project, db, 'expand')
    expect(result.code, result.stdout + result.stderr).toBe(3)
    expect(await columns(db)).toBe('a')
  }, 180_000)

  test('queues for no longer than the lock timeout, also where it cannot see who is in the way', async () => {
    const db = await ofUsers()
    await db.query(`DROP ROLE IF EXISTS blind; CREATE ROLE blind LOGIN PASSWORD 'blind';
      GRANT CREATE ON DATABASE "${db.name}" TO blind; GRANT CREATE ON SCHEMA public TO blind; ALTER TABLE users OWNER TO blind`)
    const project = createProject({ [ONE]: add('a') })
    // Of another role's session its age is hidden, so that the step is tried.
    const holder = await db.connect()
    await holder.query('BEGIN; SELECT count(*) FROM users')
    const env = { PHASEGATE_RETRIES: '1', PHASEGATE_LOCK_TIMEOUT: '300ms', PHASEGATE_STATEMENT_TIMEOUT: '15s' }
    const runs = runCli(project, ['expand'], on(db.url.replace(/\/\/[^@]+@/, '//blind:blind@'), env))
    let over = false
    let longest = 0
    void runs.then(() => {
      over = true
    })
    const reader = await db.connect()
    while (!over) {
      const started = performance.now()
      await reader.query('SELECT email FROM users WHERE id = 7')
      longest = Math.max(longest, performance.now() - started)
      await sleep(5)
    }
    await holder.query('ROLLBACK')
    const result = await runs
    await db.query(`REASSIGN OWNED BY blind TO postgres; DROP OWNED BY blind`)
    expect(result.code, result.stdout + result.stderr).toBe(6)
    expect(longest).toBeLessThan(5000)
  }, 180_000)
})

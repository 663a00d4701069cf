import { expect, test } from 'vitest'
import type { Project } from '../support/project.js'
import { type CliResult, runCli, startCli } from '../support/run-cli.js'
import { createDatabase, describeOnPostgres, type TestDatabase } from '../support/servers.js'
import { EMAIL_VERIFIED, MIGRATION, on, usersProject, usersSql } from './users-project.js'

/** The contract's lane, as session/lane-lock.ts keys it. */
const CONTRACT_LOCK = '(1885888883, 4)'

/** Makes the first `times` DROP COLUMN statements fail as one that did not get its lock. */
const losesItsLock = (times: number): string => `
  CREATE SEQUENCE tries;
  CREATE FUNCTION lose_lock() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_query() LIKE '%DROP COLUMN%' AND nextval('tries') <= ${times} THEN
      RAISE EXCEPTION 'canceling statement due to lock timeout' USING ERRCODE = '55P03';
    END IF;
  END $$;
  CREATE EVENT TRIGGER lose_lock ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION lose_lock();
`

describeOnPostgres(18, 'a contract that is stopped', (server) => {
  const run = (project: Project, db: TestDatabase, ...args: string[]): Promise<CliResult> =>
    runCli(project, args, on(db.url))
  const approve = async (project: Project, db: TestDatabase): Promise<void> => {
    const result = await run(project, db, 'approve', 'email_verified:contract', '--reason', 'ok')
    expect(result.code, result.stderr).toBe(0)
  }
  const filled = async (project: Project): Promise<TestDatabase> => {
    const db = await createDatabase(server, { name: 'users', sql: usersSql(200) })
    for (const verb of ['expand', 'backfill']) expect(await run(project, db, verb)).toMatchObject({ code: 0 })
    return db
  }
  const columns = async (db: TestDatabase): Promise<unknown> =>
    (await db.query(`SELECT 1 FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'verified_at'`)).length
  const contract = async (db: TestDatabase): Promise<unknown> =>
    (
      await db.query(
        `SELECT state, point_of_no_return AS returned, detail ->> 'begun' AS begun FROM phasegate.unit WHERE phase = 'contract'`,
      )
    )[0]

  test('killed while it was announced and not allowed any more, the same command takes the announcement back', async () => {
    const project = usersProject()
    const db = await filled(project)
    await approve(project, db)
    const killed = startCli(
      project,
      ['contract', '--confirm', db.name],
      on(db.url, { PHASEGATE_CONTRACT_ANNOUNCE: '60s' }),
    )
    await killed.waitFor(/contracting/)
    killed.kill()
    await killed.ended
    expect(await contract(db)).toMatchObject({ state: 'contracting' })
    await run(project, db, 'revoke', 'email_verified:contract', '--reason', 'an old pod is back')
    const again = await run(project, db, 'contract', '--confirm', db.name)
    expect(again.code, again.stderr).toBe(3)
    expect(await contract(db), 'old pods may turn ready again').toMatchObject({ state: 'pending' })
    expect(await columns(db)).toBe(1)
  }, 180_000)

  test('a gate that closes while it is announced ends the wait and withdraws it', async () => {
    const project = usersProject()
    const db = await filled(project)
    await approve(project, db)
    const announced = startCli(
      project,
      ['contract', '--confirm', db.name],
      on(db.url, { PHASEGATE_CONTRACT_ANNOUNCE: '10m' }),
    )
    await announced.waitFor(/contracting/)
    await run(project, db, 'revoke', 'email_verified:contract', '--reason', 'an old pod is back')
    // Long before the wait is over, and with it the time of this test.
    const { code, stdout, stderr } = await announced.ended
    expect(code, stdout + stderr).toBe(3)
    expect(await contract(db)).toMatchObject({ state: 'pending' })
    expect(await columns(db)).toBe(1)
  }, 180_000)

  test('an attempt that was rolled back is not the point of no return; the one that succeeds is', async () => {
    const project = usersProject({
      [`phasegate/${MIGRATION}.ts`]: EMAIL_VERIFIED.replace(/ops\.setDefault.*\n.*ops\.setNotNull.*\n/, ''),
    })
    const db = await filled(project)
    await approve(project, db)
    await db.query(losesItsLock(2))
    const result = await run(project, db, 'contract', '--confirm', db.name)
    expect(result.code, result.stdout + result.stderr).toBe(0)
    expect(await db.query('SELECT last_value::int AS tries FROM tries')).toEqual([{ tries: 3 }])
    expect(await contract(db)).toEqual({ state: 'applied', returned: true, begun: 'true' })
  }, 180_000)

  test('a gate that closes while a destructive step waits for its lock stops it', async () => {
    const project = usersProject({
      [`phasegate/${MIGRATION}.ts`]: EMAIL_VERIFIED.replace(/ops\.setDefault.*\n.*ops\.setNotNull.*\n/, '').replace(
        /sync: .*\n/,
        '',
      ),
    })
    const db = await filled(project)
    await approve(project, db)
    await db.query(losesItsLock(1_000_000))
    const waits = startCli(project, ['contract', '--confirm', db.name], on(db.url))
    await waits.waitFor(/again|retry|attempt|lock timeout/i)
    await run(project, db, 'revoke', 'email_verified:contract', '--reason', 'an old pod is back')
    const result = await waits.ended
    expect(result.code, result.stdout + result.stderr).toBe(3)
    expect(await contract(db), 'nothing was done, so it is withdrawn').toMatchObject({ state: 'pending' })
    expect(await columns(db)).toBe(1)
  }, 180_000)

  test('a gate that closes before a destructive step stops it, though the announcement is over', async () => {
    const project = usersProject()
    const db = await filled(project)
    await approve(project, db)
    // The approval is revoked by the first statement of the contract itself: after the announcement, before the drop.
    await db.query(`CREATE FUNCTION revoke_it() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE phasegate.approval SET revoked_at = clock_timestamp() WHERE revoked_at IS NULL; END $$;
      CREATE EVENT TRIGGER revoke_it ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION revoke_it()`)
    const result = await run(project, db, 'contract', '--confirm', db.name)
    expect(result.code, result.stdout + result.stderr).toBe(3)
    expect(await columns(db)).toBe(1)
    expect(await contract(db)).toEqual({ state: 'failed', returned: false, begun: 'true' })
  }, 180_000)

  test('after the old column is gone the same command still finishes', async () => {
    const file = `phasegate/${MIGRATION}.ts`
    const broken = EMAIL_VERIFIED.replace(
      `ops.dropColumn('users', 'verified_at'),`,
      `ops.dropColumn('users', 'verified_at'), sql\`ALTER TABLE users ALTER COLUMN nothing SET DEFAULT 1\`,`,
    )
    const project = usersProject({ [file]: broken })
    const db = await filled(project)
    await approve(project, db)
    const failed = await run(project, db, 'contract', '--confirm', db.name)
    expect(failed.code, failed.stdout + failed.stderr).toBe(9)
    expect(await columns(db)).toBe(0)
    project.write(file, EMAIL_VERIFIED)
    await approve(project, db)
    const again = await run(project, db, 'contract', '--confirm', db.name)
    expect(again.code, again.stdout + again.stderr).toBe(0)
    expect(await contract(db)).toMatchObject({ state: 'applied' })
  }, 180_000)

  test('nothing is destroyed without consent, also where the gate opens after nobody had to be asked', async () => {
    const project = usersProject()
    const db = await filled(project)
    const holder = await db.connect()
    await holder.query(`SELECT pg_advisory_lock${CONTRACT_LOCK}`)
    const waits = startCli(project, ['contract', '--json'], on(db.url))
    await waits.waitFor(/lock.waiting/)
    await approve(project, db)
    await holder.query(`SELECT pg_advisory_unlock${CONTRACT_LOCK}`)
    const result = await waits.ended
    expect(result.code, result.stdout + result.stderr).toBe(10)
    expect(result.stdout).toContain('users.verified_at')
    expect(await columns(db)).toBe(1)
  }, 180_000)

  test('an override that is in force is revoked for the run that took it, too', async () => {
    const project = usersProject()
    const db = await filled(project)
    const unit = 'email_verified:contract'
    await run(project, db, 'override', unit, '--gate', 'approval', '--reason', 'all hands agree')
    const runs = startCli(
      project,
      ['contract', '--confirm', db.name],
      on(db.url, { PHASEGATE_CONTRACT_ANNOUNCE: '15s' }),
    )
    await runs.waitFor(/contracting/)
    await run(project, db, 'revoke', unit, '--reason', 'they do not')
    const result = await runs.ended
    expect(result.code, result.stdout + result.stderr).toBe(3)
    expect(await columns(db)).toBe(1)
  }, 180_000)
})

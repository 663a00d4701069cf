import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createProject } from '../support/project.js'
import { runCli, startCli } from '../support/run-cli.js'
import { createDatabase, describeOnPostgres, startPrivateServer, type TestDatabase } from '../support/servers.js'
import { on, usersSql } from './users-project.js'

const ADD = { 'phasegate/20261122093000_add.sql': '-- phase: expand\nALTER TABLE users ADD COLUMN flag boolean;\n' }

/** The longest that a read of one row took while `work` ran, in ms. */
async function longestRead(db: TestDatabase, work: Promise<unknown>): Promise<number> {
  const reader = await db.connect()
  let over = false
  let longest = 0
  const reading = (async () => {
    while (!over) {
      const started = performance.now()
      await reader.query('SELECT email FROM users WHERE id = 7')
      longest = Math.max(longest, performance.now() - started)
      await sleep(5)
    }
  })()
  await work.finally(() => {
    over = true
  })
  await reading
  return longest
}

describeOnPostgres(18, 'a statement that does not get its lock gives way', (server) => {
  test('a reader that began before it is waited for outside the queue, and named', async () => {
    const db = await createDatabase(server, { name: 'users', sql: usersSql(5000) })
    const project = createProject(ADD)
    const holder = await db.connect()
    await holder.query(`SET application_name = 'nightly report'; BEGIN; SELECT count(*) FROM users`)
    await sleep(1200)
    const env = { PHASEGATE_RETRIES: '4', PHASEGATE_LOCK_TIMEOUT: '500ms', PHASEGATE_STATEMENT_TIMEOUT: '500ms' }
    const run = runCli(project, ['expand'], on(db.url, env))
    const longest = await longestRead(db, run)
    const result = await run
    expect(result.code, result.stderr).toBe(6)
    expect(result.stdout + result.stderr).toContain('nightly report')
    expect(result.stdout + result.stderr).toContain('LOCK.HELD')
    expect(longest, 'nobody queued behind us').toBeLessThan(400)

    await holder.query('ROLLBACK')
    expect(await runCli(project, ['expand'], on(db.url))).toMatchObject({ code: 0 })
  })

  test('a reader that comes between is queued behind for no longer than the lock timeout', async () => {
    const db = await createDatabase(server, { name: 'users', sql: usersSql(5000) })
    const project = createProject(ADD)
    // Transactions of about 0.7 s, one after the other: younger than the timeout when we look, held when we try.
    const holder = await db.connect()
    let over = false
    const holding = (async () => {
      while (!over) {
        await holder.query('BEGIN; SELECT count(*) FROM users')
        await sleep(700)
        await holder.query('COMMIT')
      }
    })()
    const env = { PHASEGATE_LOCK_TIMEOUT: '400ms', PHASEGATE_STATEMENT_TIMEOUT: '400ms', PHASEGATE_RETRIES: '6' }
    const run = runCli(project, ['expand'], on(db.url, env))
    const longest = await longestRead(db, run)
    over = true
    await holding
    const result = await run
    expect([0, 6], result.stderr).toContain(result.code)
    expect(longest).toBeLessThan(400 + 400)
  })

  test('autovacuum is outwaited once, for as long as it takes to give way', async () => {
    const own = await startPrivateServer({ version: 18, settings: { autovacuum_naptime: '1s' } })
    const db = await createDatabase(own, { name: 'users', sql: usersSql(300_000) })
    const project = createProject(ADD)
    // A manual VACUUM does not give way; only a real autovacuum worker does, so one is made to come and to be slow.
    await db.query(`ALTER TABLE users SET (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0,
      autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)`)
    await db.query(`UPDATE users SET email = email || '.' WHERE id % 2 = 0`)
    const working = `SELECT 1 FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND query LIKE '%users%'`
    for (let waited = 0; (await db.query(working)).length === 0; waited++) {
      if (waited > 400) throw new Error('no autovacuum came within 100 s')
      await sleep(250)
    }
    const result = await runCli(project, ['expand', '-v'], on(db.url))
    expect(result.code, result.stderr).toBe(0)
  }, 180_000)
})

describeOnPostgres(18, 'a concurrent index whose runner was killed', (server) => {
  test('the next runner waits for the live build instead of dropping it', async () => {
    const db = await createDatabase(server, { name: 'users', sql: usersSql(50_000) })
    const project = createProject({
      'phasegate/20261122093000_index.sql': '-- phase: expand\nCREATE INDEX users_email ON users (email);\n',
    })
    // The build waits for this transaction, so that it is surely under way when its runner dies.
    const holder = await db.connect()
    await holder.query(`BEGIN; UPDATE users SET email = email WHERE id = 1`)
    const first = startCli(project, ['expand'], on(db.url))
    const building = `SELECT pid FROM pg_stat_progress_create_index WHERE to_regclass('users_email') IS NOT NULL`
    for (let waited = 0; (await db.query(building)).length === 0; waited++) {
      if (waited > 600) throw new Error(`no build began: ${first.stderr()}`)
      await sleep(50)
    }
    const [build] = await db.query<{ pid: number }>(building)
    const [made] = await db.query<{ oid: string }>(`SELECT 'users_email'::regclass::oid::text AS oid`)
    first.kill()
    await first.ended
    const second = startCli(project, ['expand'], on(db.url))
    await second.waitFor(/waiting for the expand lock/)
    expect(await db.query<{ pid: number }>(building), 'the build lives on').toEqual([build])
    await holder.query('COMMIT')
    const result = await second.ended
    expect(result.code, result.stderr).toBe(0)
    expect(
      await db.query(`SELECT 'users_email'::regclass::oid::text AS oid, indisvalid FROM pg_index
      WHERE indexrelid = 'users_email'::regclass`),
      'the very index of the first build',
    ).toEqual([{ oid: made?.oid, indisvalid: true }])
  })

  test('an invalid index that a failed build left is dropped and built again', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE users (id int PRIMARY KEY, email text); INSERT INTO users VALUES (1, 'a'), (2, 'a')`)
    const project = createProject({
      'phasegate/20261122093000_index.sql':
        '-- phase: expand\n-- allow: PHASE.TIGHTENS because the application keeps it unique\nCREATE UNIQUE INDEX users_email ON users (email);\n',
    })
    const failed = await runCli(project, ['expand'], on(db.url))
    expect(failed.code, failed.stdout + failed.stderr).toBe(9)
    expect(failed.stdout + failed.stderr).toContain('users_email')
    expect(await db.query(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_email'::regclass`)).toEqual([
      { indisvalid: false },
    ])
    await db.query('DELETE FROM users WHERE id = 2')
    const again = await runCli(project, ['expand'], on(db.url))
    expect(again.code, again.stderr).toBe(0)
    expect(await db.query(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_email'::regclass`)).toEqual([
      { indisvalid: true },
    ])
  })
})

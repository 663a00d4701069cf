import type { PaceSettings, SignalReading, ThrottleSettings } from '@phasegate/core'
import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import {
  createDatabase,
  describeOnPostgres,
  type RunningPostgres,
  startPrivateServer,
  type TestDatabase,
} from '../support/servers.js'
import {
  comparableBackfill,
  countingBackfill,
  counts,
  itemsSql,
  rangeRow,
  setUpBackfill,
  UNIT,
  unitRow,
} from './backfill-setup.js'

/** The machine may be busy. */
const PATIENT = { timeout: 30_000 }

describeOnPostgres(15, 'a backfill beside standbys, slots and an archive', () => {
  let primary: RunningPostgres

  beforeAll(async () => {
    // Without full pages in the log no backup can be taken of a standby.
    const settings = { archive_mode: 'on', wal_level: 'logical', full_page_writes: 'on' }
    primary = await startPrivateServer({ version: 15, settings })
    await archiveWith('/bin/true')
  })
  afterAll(() => primary.stop())

  const follow = (name: string, server = primary): Promise<RunningPostgres> =>
    startPrivateServer({ version: 15, follows: { primary: server, name } })

  async function archiveWith(command: string): Promise<void> {
    // One simple query is one transaction, in which ALTER SYSTEM may not be.
    await on(primary, `ALTER SYSTEM SET archive_command = '${command}'`)
    await on(primary, 'SELECT pg_reload_conf()')
  }

  async function prepare(rows: number) {
    const db = await createDatabase(primary)
    await db.query(itemsSql(rows))
    const setup = await setUpBackfill(db)
    const session = await setup.target.openSession('throttle')
    onTestFinished(() => session.close())
    /** Reads one lag again and again, as a run does. */
    const lag = (standbys?: readonly string[], replicas?: readonly string[]) => {
      const request = { unit: UNIT, backfill: comparableBackfill(), standbys, replicas }
      const signal = setup.target.backfill.signals(request).find(({ name }) => name === 'replicaLag')!
      onTestFinished(() => signal.close!())
      return () => signal.read(session)
    }
    return { db, setup, lag }
  }

  /** Runs a backfill that changes each row once, and calls `spike` after its tenth batch. */
  function runSlowly(
    setup: Awaited<ReturnType<typeof setUpBackfill>>,
    throttle: Partial<ThrottleSettings>,
    spike: () => Promise<unknown>,
  ) {
    const pace: Partial<PaceSettings> = {
      maxRowsPerSecond: 500,
      throttle: { every: 100, signals: { oldestTransaction: null }, ...throttle },
    }
    let batches = 0
    let begun: Promise<unknown> | undefined
    const running = setup.run(countingBackfill({ batchSize: 20 }), {
      pace,
      limits: { floor: 10, ceiling: 20 },
      emit: (event) => {
        setup.events.push(event)
        if (event.type === 'batch.done' && ++batches === 10) begun = spike()
      },
    })
    return { running, begun: () => begun }
  }

  const reasonOf = async (db: TestDatabase) => (await unitRow(db)).progress?.throttleReason
  const levels = (setup: Awaited<ReturnType<typeof setUpBackfill>>) =>
    setup.events.flatMap((event) => (event.type === 'backfill.throttled' ? [event.level] : []))

  test('goes slower and then waits while a standby does not replay, and goes on when it does', async () => {
    const { db, setup } = await prepare(2000)
    const standby = await follow('reading-1')
    const { running, begun } = runSlowly(setup, { signals: { replicaLag: { soft: 500, hard: 3000 } } }, () =>
      on(standby, 'SELECT pg_wal_replay_pause()'),
    )
    await expect.poll(() => reasonOf(db), PATIENT).toMatch(/^replica lag of reading-1 is .+ \(limit 3 s\)$/)
    await begun()
    const stopped = (await rangeRow(db))?.rows_done
    expect(Number(stopped)).toBeLessThan(2000)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect((await rangeRow(db))?.rows_done).toBe(stopped)
    await on(standby, 'SELECT pg_wal_replay_resume()')
    expect(await running).toEqual({ state: 'applied', rows: 2000 })
    expect(levels(setup)).toContain('slow')
    expect(levels(setup)).toContain('stop')
    expect(levels(setup).at(-1)).toBeNull()
    expect(await counts(db)).toEqual({ '1': 2000 })
    // What it wrote has reached the standby as well.
    await expect
      .poll(() => on(standby, 'SELECT n, count(*)::int AS rows FROM items GROUP BY n', db.name), PATIENT)
      .toEqual([{ n: 1, rows: 2000 }])
    await standby.stop()
  })

  test('takes no standby for slow while nothing is written, and one that left for as slow as it was', async () => {
    const { db, lag } = await prepare(10)
    const standby = await follow('reading-2')
    const read = lag()
    const named = lag(['reading-2'])
    await expect.poll(read, PATIENT).toEqual({ state: 'value', value: 0 })
    await expect.poll(named, PATIENT).toMatchObject({ state: 'value' })
    await new Promise((resolve) => setTimeout(resolve, 2000))
    // The server writes something of its own now and then: what is new at this moment is no lag.
    await expect.poll(read, PATIENT).toEqual({ state: 'value', value: 0 })
    await standby.kill()
    expect(await read()).toEqual({ state: 'value', value: 0 })
    await expect.poll(named, PATIENT).toEqual({ state: 'silent', reason: 'reading-2 does not follow this server' })
    await db.query('UPDATE items SET n = 5')
    await read()
    const asked = Date.now()
    await expect.poll(async () => valueIn(await read()), PATIENT).toBeGreaterThan(500)
    expect(Date.now() - asked).toBeGreaterThanOrEqual(400)
    expect(await read()).toMatchObject({ of: 'reading-2, which has left,' })
    await standby.restart()
    await expect.poll(read, PATIENT).toEqual({ state: 'value', value: 0 })
    await expect.poll(named, PATIENT).toMatchObject({ state: 'value' })
    await standby.stop()
  })

  test('asks a standby of a standby itself, of which the server knows nothing', async () => {
    const { db, lag } = await prepare(10)
    const standby = await follow('reading-3')
    const far = await follow('reading-4', standby)
    const near = lag()
    const both = lag(undefined, [far.url()])
    await expect.poll(both, PATIENT).toEqual({ state: 'value', value: 0 })
    expect(await near()).toEqual({ state: 'value', value: 0 })
    await on(far, 'SELECT pg_wal_replay_pause()')
    await db.query('UPDATE items SET n = 5')
    await expect.poll(async () => valueIn(await both()), PATIENT).toBeGreaterThan(300)
    expect(await both()).toMatchObject({ of: `127.0.0.1:${far.port}` })
    await expect.poll(near, PATIENT).toEqual({ state: 'value', value: 0 })
    await far.kill()
    await expect
      .poll(both, PATIENT)
      .toEqual({ state: 'silent', reason: `127.0.0.1:${far.port}: connect ECONNREFUSED 127.0.0.1:${far.port}` })
    expect(await lag(undefined, [primary.url()])()).toEqual({
      state: 'silent',
      reason: `127.0.0.1:${primary.port}: it is no standby`,
    })
    await standby.stop()
  })

  test('counts a subscriber of logical replication only where it is named', async () => {
    const { db, lag } = await prepare(10)
    const subscriber = await startPrivateServer({ version: 15 })
    await on(subscriber, itemsSql(0))
    await db.query('CREATE PUBLICATION shared FOR TABLE items')
    await on(
      subscriber,
      `CREATE SUBSCRIPTION reader CONNECTION '${db.url}' PUBLICATION shared WITH (copy_data = false)`,
    )
    const read = lag()
    const named = lag(['reader'])
    await expect.poll(named, PATIENT).toEqual({ state: 'value', value: 0 })
    // Both have looked before it stands still.
    expect(await read()).toEqual({ state: 'value', value: 0 })
    const holder = new pg.Client({ connectionString: subscriber.url() })
    await holder.connect()
    await holder.query('BEGIN; LOCK TABLE items')
    await db.query('INSERT INTO items (id) VALUES (1000)')
    await expect.poll(async () => valueIn(await named()), PATIENT).toBeGreaterThan(300)
    expect(await named()).toMatchObject({ of: 'reader' })
    // The one look knows of the row, the next one of what it has missed since.
    await read()
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await read()).toEqual({ state: 'value', value: 0 })
    await holder.end()
    await expect.poll(named, PATIENT).toEqual({ state: 'value', value: 0 })
    await on(subscriber, 'DROP SUBSCRIPTION reader')
  })

  test('waits while a slot that nobody reads keeps too much of the log', async () => {
    const { db, setup } = await prepare(1000)
    const { running, begun } = runSlowly(
      setup,
      { signals: { replicaLag: null, slotWal: { soft: 1024 ** 2, hard: 4 * 1024 ** 2 } } },
      async () => {
        await on(primary, "SELECT pg_create_physical_replication_slot('forgotten', true)")
        await db.query('CREATE TABLE noise AS SELECT repeat(md5(i::text), 20) AS t FROM generate_series(1, 10000) i')
      },
    )
    await expect
      .poll(() => reasonOf(db), PATIENT)
      .toMatch(/^log kept by replication slots of forgotten is .+ MB \(limit 4 MB\)$/)
    await begun()
    expect(Number((await rangeRow(db))?.rows_done)).toBeLessThan(1000)
    await on(primary, "SELECT pg_drop_replication_slot('forgotten')")
    expect(await running).toEqual({ state: 'applied', rows: 1000 })
    expect(levels(setup)).toContain('stop')
    expect(await counts(db)).toEqual({ '1': 1000 })
  })

  test('waits while files of the log cannot be archived', async () => {
    const { db, setup } = await prepare(1000)
    const { running, begun } = runSlowly(
      setup,
      { signals: { replicaLag: null, archiveBacklog: { soft: 1, hard: 3 } } },
      async () => {
        await archiveWith('/bin/false')
        for (let file = 0; file < 5; file++) {
          await db.query('UPDATE items SET doubled = 1 WHERE id = 1')
          await on(primary, 'SELECT pg_switch_wal()')
        }
      },
    )
    await expect.poll(() => reasonOf(db), PATIENT).toMatch(/^log files to archive is \d \(limit 3\)$/)
    await begun()
    expect(Number((await rangeRow(db))?.rows_done)).toBeLessThan(1000)
    await archiveWith('/bin/true')
    expect(await running).toEqual({ state: 'applied', rows: 1000 })
    expect(levels(setup)).toContain('stop')
    expect(await counts(db)).toEqual({ '1': 1000 })
  })
})

async function on(server: RunningPostgres, text: string, database?: string) {
  const client = new pg.Client({ connectionString: server.url(database) })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

const valueIn = (reading: SignalReading): number => (reading.state === 'value' ? reading.value : -1)

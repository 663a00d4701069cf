import type { SignalReading, ThrottleSettings } from '@phasegate/core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { connectMysql } from '../support/mysql-connection.js'
import {
  createDatabase,
  describeOnMysql,
  type MysqlDatabase,
  type RunningMysql,
  startPrivateServer,
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

describeOnMysql('mariadb', 'a backfill beside a replica', () => {
  let primary: RunningMysql
  let replica: RunningMysql

  beforeAll(async () => {
    primary = await startPrivateServer({ family: 'mariadb' })
    replica = await startPrivateServer({ family: 'mariadb', settings: { 'server-id': '2', 'read-only': 'ON' } })
    const { username, password } = new URL(primary.url())
    await on(
      replica,
      `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${primary.port}, MASTER_USER = '${username}',
         MASTER_PASSWORD = '${password}', MASTER_LOG_FILE = 'binlog.000001', MASTER_LOG_POS = 4`,
    )
    await on(replica, 'START SLAVE')
  })
  afterAll(async () => {
    await replica.stop()
    await primary.stop()
  })

  async function prepare(rows: number) {
    // Also after a test that failed while it stood still.
    onTestFinished(() => on(replica, 'START SLAVE').then(() => {}))
    const db = await createDatabase(primary)
    await db.query(itemsSql(rows, 'mariadb'))
    const setup = await setUpBackfill(db)
    const session = await setup.target.openSession('throttle')
    onTestFinished(() => session.close())
    /** Reads one lag again and again, as a run does. */
    const lag = (url = replica.url(db.name)) => {
      const request = { unit: UNIT, backfill: comparableBackfill(), standbys: undefined, replicas: [url] }
      const signal = setup.target.backfill.signals(request).find(({ name }) => name === 'replicaLag')!
      onTestFinished(() => signal.close!())
      return () => signal.read(session)
    }
    return { db, setup, lag }
  }
  const reasonOf = async (db: MysqlDatabase) => (await unitRow(db)).progress?.throttleReason

  test('goes slower and then waits while the replica does not apply, and goes on when it does', async () => {
    const { db, setup } = await prepare(2000)
    const throttle: ThrottleSettings = {
      every: 100,
      signals: { replicaLag: { soft: 500, hard: 3000 } },
      replicas: [replica.url(db.name)],
    }
    let batches = 0
    let stopping: Promise<unknown> | undefined
    const running = setup.run(countingBackfill({ batchSize: 20 }), {
      pace: { maxRowsPerSecond: 500, throttle },
      limits: { floor: 10, ceiling: 20 },
      emit: (event) => {
        setup.events.push(event)
        if (event.type === 'batch.done' && ++batches === 10) stopping = on(replica, 'STOP SLAVE SQL_THREAD')
      },
    })
    await expect
      .poll(() => reasonOf(db), PATIENT)
      .toMatch(new RegExp(`^replica lag of 127.0.0.1:${replica.port} is .+ \\(limit 3 s\\)$`))
    await stopping
    const stopped = (await rangeRow(db))?.rows_done
    expect(Number(stopped)).toBeLessThan(2000)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect((await rangeRow(db))?.rows_done).toBe(stopped)
    await on(replica, 'START SLAVE SQL_THREAD')
    expect(await running).toEqual({ state: 'applied', rows: 2000 })
    const levels = setup.events.flatMap((event) => (event.type === 'backfill.throttled' ? [event.level] : []))
    expect(levels).toContain('slow')
    expect(levels).toContain('stop')
    expect(levels.at(-1)).toBeNull()
    expect(await counts(db)).toEqual({ '1': 2000 })
    // What it wrote has reached the replica as well, and so has every beat.
    await expect
      .poll(() => on(replica, `SELECT n, COUNT(*) AS count FROM ${db.name}.items GROUP BY n`), PATIENT)
      .toEqual([{ n: 1, count: 2000 }])
    expect(JSON.stringify([setup.events, await unitRow(db)])).not.toContain(new URL(replica.url()).password)
  })

  test('a replica that has every beat is not behind, and one that had fallen behind before it was looked at is', async () => {
    const { db, lag } = await prepare(10)
    const first = lag()
    const none = await first()
    expect(valueIn(none)).toBeLessThan(500)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(valueIn(await first())).toBeLessThan(500)
    await on(replica, 'STOP SLAVE SQL_THREAD')
    // The next beat is what it misses, for as long as that is there.
    await first()
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect(valueIn(await first())).toBeGreaterThan(900)
    // Who comes new goes by the last beat that came through, by the primary's clock.
    expect(valueIn(await lag()())).toBeGreaterThan(1000)
    await on(replica, 'START SLAVE SQL_THREAD')
    await expect.poll(async () => valueIn(await first()), PATIENT).toBeLessThan(500)
    const [beats] = await db.query<{ beat: string }>('SELECT beat FROM phasegate_heartbeat')
    expect(Number(beats?.beat)).toBeGreaterThanOrEqual(5)
  })

  test('a replica that cannot be asked is not known, which stops; no password is shown', async () => {
    const { db, setup, lag } = await prepare(100)
    const wrong = new URL(replica.url(db.name))
    wrong.password = 'not-this-one'
    expect(await lag(wrong.href)()).toEqual({
      state: 'silent',
      reason: expect.stringMatching(/^127\.0\.0\.1:\d+: Access denied for user/),
    })
    const nobody = new URL(replica.url(db.name))
    nobody.port = '1'
    expect(await lag(nobody.href)()).toEqual({
      state: 'silent',
      reason: '127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1',
    })
    expect(await lag(replica.url('mysql'))()).toEqual({
      state: 'silent',
      reason: `no heartbeat has come to 127.0.0.1:${replica.port} yet`,
    })
    const running = setup.run(countingBackfill(), {
      pace: { throttle: { every: 100, signals: {}, replicas: [wrong.href] } },
    })
    await expect.poll(() => reasonOf(db), PATIENT).toMatch(/^replica lag is not known yet: 127\.0\.0\.1:\d+: Access/)
    expect(await counts(db)).toEqual({ '0': 100 })
    const asker = await setup.target.openSession('asker')
    await setup.target.journal.request(asker, UNIT, { action: 'cancel', now: false }, { by: 'test', through: {} })
    await asker.close()
    expect((await running).state).toBe('cancelled')
    expect(JSON.stringify([setup.events, await unitRow(db)])).not.toContain('not-this-one')
    // Two spellings of a URL that only this dialect can refuse.
    for (const url of ['postgres://a:not-this-one@b:1/c', `${wrong.href}?nothing=1`]) {
      const problem = await setup
        .run(countingBackfill(), { pace: { throttle: { signals: {}, replicas: [url] } } })
        .catch((error: unknown) => error)
      expect(problem).toMatchObject({ code: 'DATABASE.URL', message: expect.stringContaining('of a replica') })
      expect(JSON.stringify(problem)).not.toContain('not-this-one')
    }
  })
})

async function on(server: RunningMysql, text: string): Promise<unknown> {
  const connection = await connectMysql(server.url('mysql'))
  try {
    return (await connection.query(text))[0]
  } finally {
    await connection.end()
  }
}

const valueIn = (reading: SignalReading): number => (reading.state === 'value' ? reading.value : Number.NaN)

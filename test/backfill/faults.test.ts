import { setTimeout as sleep } from 'node:timers/promises'
import { fingerprint, systemClock } from '@phasegate/core'
import { expect, test } from 'vitest'
import { type AnyServer, createDatabase, describeOnEveryMysql, describeOnPostgres } from '../support/servers.js'
import {
  allRanges,
  countingBackfill,
  counts,
  itemsSql,
  journalTable,
  pause,
  setUpBackfill,
  unitRow,
} from './backfill-setup.js'
import { startEngine } from './engine-process.js'

describeOnPostgres(18, 'several workers survive', suite)
describeOnEveryMysql('several workers survive', suite)

function suite(server: AnyServer): void {
  const { family } = server
  const slowly = (ms: number) => [{ column: 'n', expression: `n + 1 + ${pause(family, ms)}` }]
  const limits = { floor: 10, ceiling: 20 }

  /** Resolves when so many batches are done. */
  function afterBatches(many: number) {
    let seen = 0
    let reached = (): void => {}
    const done = new Promise<void>((resolve) => {
      reached = resolve
    })
    const emit = (event: { readonly type: string }): void => {
      if (event.type === 'batch.done' && ++seen === many) reached()
    }
    return { done, emit }
  }

  test('that one is stopped in the middle of its batch: the application gets its rows, and nothing is done twice', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(200, family)} ALTER TABLE items ADD touched integer DEFAULT 0`)
    await setUpBackfill(db)
    // Some 600 ms a batch, nearly all of them in the statement that changes the rows.
    const engine = startEngine(db, countingBackfill({ batchSize: 20, set: slowly(30) }), {
      limits: { floor: 20, ceiling: 20 },
    })
    await engine.batches(1)
    await sleep(300)
    engine.child.kill('SIGSTOP')
    const application = await db.open()
    const stopped = Date.now()
    await application.query('UPDATE items SET touched = 1 WHERE id <= 100')
    // 600 ms of its statement, and the five seconds that a client may stand still in a transaction.
    expect(Date.now() - stopped).toBeLessThan(12_000)
    engine.child.kill('SIGCONT')
    await engine.exited
    expect(engine.output()).toContain('{"state":"applied","rows":200}')
    expect(await counts(db)).toEqual({ '1': 200 })
  })

  test('a clock of their machine that jumps: whether a lease has expired, the database says', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(2000, family))
    const { run } = await setUpBackfill(db)
    const hour = 3_600_000
    const jumping = { ...systemClock, now: () => systemClock.now() + Math.round(Math.random() * 4 - 2) * hour }
    const backfill = countingBackfill({ batchSize: 20, set: slowly(0.2) })
    const outcomes = await Promise.all([
      run(backfill, { limits, workers: 2, clock: jumping, owner: 'jumping' }),
      run(backfill, { limits, owner: 'steady' }),
    ])
    expect(outcomes).toEqual(outcomes.map(() => ({ state: 'applied', rows: 2000 })))
    expect(await counts(db)).toEqual({ '1': 2000 })
    // Nobody's lease was taken.
    const ranges = await allRanges(db)
    expect(ranges.map(({ epoch }) => epoch)).toEqual(ranges.map(() => '1'))
  })

  test('statements that take longer than they may: batches are halved until they fit', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(120, family))
    const { run, events } = await setUpBackfill(db)
    // A statement may take half of the lease: 1 s, and on MySQL never less than a second and a bit.
    const outcome = await run(countingBackfill({ batchSize: 60, set: slowly(40) }), { workers: 2, leaseMs: 2000 })
    expect(outcome).toEqual({ state: 'applied', rows: 120 })
    expect(events.some((event) => event.type === 'batch.retry')).toBe(true)
    expect(await counts(db)).toEqual({ '1': 120 })
  })

  test('a row that takes longer than a statement may, however small the batch: the unit fails soon, and names it', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(60, family))
    const { run, events } = await setUpBackfill(db)
    const sleeping = (ms: number) => [
      { column: 'n', expression: `n + 1 + CASE WHEN id = 37 THEN ${pause(family, ms)} ELSE 0 END` },
    ]
    const set = (ms: number) => countingBackfill({ batchSize: 20, set: sleeping(ms) })
    const started = Date.now()
    // A statement may take half of the lease: 1 s, and on MySQL never less than a second and a bit.
    const outcome = await run(set(20_000), { leaseMs: 2000 })
    // Of 20 rows, of 2, of 1, and twice more; stuckMs are 10 minutes.
    expect(Date.now() - started).toBeLessThan(45_000)
    expect(outcome).toMatchObject({
      state: 'failed',
      rows: 36,
      error: { code: 'BACKFILL.TOO_SLOW', message: expect.stringContaining('(37)') },
    })
    expect(events.filter((event) => event.type === 'batch.retry').length).toBeLessThanOrEqual(6)
    expect(await unitRow(db)).toMatchObject({ state: 'failed', error: { code: 'BACKFILL.TOO_SLOW' } })
    expect(await counts(db)).toEqual({ '0': 24, '1': 36 })
    // What was slow has an index now.
    expect(await run(set(0), { leaseMs: 2000, fingerprint: fingerprint(set(20_000)) })).toEqual({
      state: 'applied',
      rows: 60,
    })
    expect(await counts(db)).toEqual({ '1': 60 })
  })

  test('a journal that is locked for a while', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(2000, family))
    const { run } = await setUpBackfill(db)
    const { done, emit } = afterBatches(10)
    const running = run(countingBackfill({ batchSize: 20, set: slowly(0.2) }), { limits, workers: 2, emit })
    await done
    const holder = await db.open()
    const [ranges, unit] = [journalTable(family, 'backfill_range'), journalTable(family, 'unit')]
    await holder.query(
      family === 'postgres' ? `BEGIN; LOCK TABLE ${ranges}, ${unit}` : `LOCK TABLES ${ranges} WRITE, ${unit} WRITE`,
    )
    await sleep(2500)
    await holder.query(family === 'postgres' ? 'COMMIT' : 'UNLOCK TABLES')
    expect(await running).toEqual({ state: 'applied', rows: 2000 })
    expect(await counts(db)).toEqual({ '1': 2000 })
  })

  test('a column that is dropped under them: all stop, the unit fails with the reason, and goes on when it is back', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(1000, family))
    const { run } = await setUpBackfill(db)
    const backfill = countingBackfill({
      batchSize: 20,
      set: [...slowly(0.5), { column: 'doubled', expression: 'id * 2' }],
    })
    const { done, emit } = afterBatches(6)
    const running = [1, 2].map((one) =>
      run(backfill, { limits, workers: 2, owner: `process ${one}`, ...(one === 1 ? { emit } : {}) }),
    )
    await done
    await db.query('ALTER TABLE items DROP COLUMN doubled')
    const outcomes = await Promise.all(running)
    expect(outcomes.every(({ state }) => state === 'failed' || state === 'ended')).toBe(true)
    expect(outcomes.find(({ state }) => state === 'failed')).toMatchObject({
      error: { code: 'DATABASE.STATEMENT', why: expect.stringMatching(/doubled/) },
    })
    expect(await unitRow(db)).toMatchObject({
      state: 'failed',
      error: { code: 'DATABASE.STATEMENT', why: expect.stringMatching(/doubled/) },
    })
    const ranges = await allRanges(db)
    expect(ranges.every(({ owner }) => owner === null)).toBe(true)
    const rows = ranges.reduce((sum, { rows_done }) => sum + Number(rows_done), 0)
    expect(await counts(db)).toEqual({ '0': 1000 - rows, '1': rows })
    await db.query('ALTER TABLE items ADD doubled integer')
    expect(await run(backfill, { limits, workers: 2 })).toEqual({ state: 'applied', rows: 1000 })
    expect(await counts(db)).toEqual({ '1': 1000 })
  })

  test('deadlocks with an application that locks rows the other way round: the application never loses', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(800, family))
    const { run } = await setUpBackfill(db)
    let ended = false
    const application = (async () => {
      const client = await db.open()
      while (!ended) {
        await client.query('BEGIN')
        for (const id of [790, 590, 390, 190, 10]) await client.query(`UPDATE items SET n = n + 10 WHERE id = ${id}`)
        await client.query('COMMIT')
      }
    })()
    const outcome = await run(countingBackfill({ batchSize: 200 }), { workers: 2, limits: { floor: 10, ceiling: 200 } })
    ended = true
    await application
    expect(outcome).toEqual({ state: 'applied', rows: 800 })
    expect(await db.query('SELECT id FROM items WHERE n % 10 <> 1')).toEqual([])
  })
}

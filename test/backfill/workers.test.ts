import type { LeasedRange, Session } from '@phasegate/core'
import { expect, test } from 'vitest'
import { createDatabase, describeOnEveryServer } from '../support/servers.js'
import {
  allRanges,
  comparableBackfill,
  countingBackfill,
  counts,
  itemsSql,
  keyOf,
  pause,
  setUpBackfill,
  UNIT,
  unitRow,
} from './backfill-setup.js'

const TAKER = { owner: 'taker', leaseMs: 30_000, lockTimeout: 5000 }

describeOnEveryServer('several workers', (server) => {
  const slowly = (ms: number) => [{ column: 'n', expression: `n + 1 + ${pause(server.family, ms)}` }]
  const key = keyOf(server)

  /** A table of 100 rows, all of it leased by `holder`, and a backfill that has begun. */
  async function held() {
    const db = await createDatabase(server)
    await db.query(itemsSql(100, server.family))
    const setup = await setUpBackfill(db)
    const { backfill, journal } = setup.target
    const [holder, taker] = [await setup.prepared(), await setup.prepared()]
    // Longer than any batch here, so that nobody gives way.
    for (const one of [holder, taker]) await backfill.prepare(one, { lockTimeout: 10_000, statementTimeout: 15_000 })
    await journal.startUnit(holder, {
      unit: UNIT,
      fingerprint: 'sha256:0',
      actor: { by: 'test', through: {} },
      backend: holder.backend,
      state: 'running',
    })
    await backfill.addRange(holder, UNIT, 0, '100')
    const answer = await backfill.lease(holder, UNIT, 'holder', 30_000)
    if (answer.state !== 'leased') throw new Error(answer.state)
    const batch = (session: Session, range: LeasedRange, end: string, ms = 0) =>
      backfill.runBatch(session, countingBackfill({ set: slowly(ms) }), key, range, end, 30_000, null)
    const split = (session: Session, seen: LeasedRange, at: string) =>
      backfill.split(session, countingBackfill(), key, seen, at, TAKER)
    const close = () => Promise.all([holder.close(), taker.close()])
    return { db, setup, holder, taker, range: answer.range, batch, split, close }
  }

  test('of one process share a backfill: each row is changed once, and each worker has its part', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(4000, server.family))
    const { run, events } = await setUpBackfill(db)
    const backfill = countingBackfill({ batchSize: 20, set: slowly(0.1) })
    const options = { workers: 2, limits: { floor: 10, ceiling: 20 } }
    expect(await run(backfill, options)).toEqual({ state: 'applied', rows: 4000 })
    expect(await counts(db)).toEqual({ '1': 4000 })
    const ranges = await allRanges(db)
    expect(ranges.length).toBeGreaterThan(1)
    expect(ranges.every(({ cursor, upper, owner, pass }) => cursor === upper && owner === null && pass === 0)).toBe(
      true,
    )
    expect(ranges.reduce((sum, { rows_done }) => sum + Number(rows_done), 0)).toBe(4000)
    expect(ranges.reduce((sum, { keys_done }) => sum + Number(keys_done), 0)).toBe(4000)
    expect((await unitRow(db)).progress).toMatchObject({ done: 4000, total: 4000, etaSeconds: 0 })
    expect(events.filter(({ type }) => type === 'batch.retry').length).toBeLessThan(20)
  })

  test('of several processes share it too; one of them verifies, and all end with the same answer', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(3000, server.family))
    const { run, events } = await setUpBackfill(db)
    const backfill = comparableBackfill({ batchSize: 20 })
    const options = { limits: { floor: 10, ceiling: 20 } }
    const outcomes = await Promise.all([1, 2, 3].map((one) => run(backfill, { ...options, owner: `process ${one}` })))
    expect(outcomes).toEqual([1, 2, 3].map(() => ({ state: 'applied', rows: 3000 })))
    expect(await db.query('SELECT id FROM items WHERE doubled IS NULL OR doubled <> n * 2')).toEqual([])
    expect((await allRanges(db)).length).toBeGreaterThan(1)
    expect(events.filter((event) => event.type === 'unit.changed' && event.state === 'verifying').length).toBe(1)
    expect((await unitRow(db)).detail.verified).toMatchObject({ proof: 'compared', passes: 1 })
  })

  test('cut a range in two: the holder goes on to the cut, and a batch that was meant to go further changes nothing', async () => {
    const { db, setup, holder, taker, range, batch, split, close } = await held()
    expect(await batch(holder, range, '20')).toMatchObject({ moved: true, rows: 20 })
    const seen = { ...range, cursor: '20' }
    const rest = await split(taker, seen, '50')
    expect(rest).toMatchObject({ ordinal: 1, pass: 0, cursor: '50', upper: '100', rowsDone: 0, epoch: '1' })
    // The upper bound is in the fence: without it rows 51 to 80 would be changed twice.
    expect(await batch(holder, seen, '80')).toMatchObject({ moved: false, rows: 0 })
    expect(await batch(taker, rest!, '100')).toMatchObject({ moved: true, rows: 50 })
    const again = await setup.target.backfill.readRange(holder, UNIT, 0)
    expect(again).toMatchObject({ cursor: '20', upper: '50', epoch: range.epoch })
    expect(await batch(holder, again!, '50')).toMatchObject({ moved: true, rows: 30 })
    expect(await counts(db)).toEqual({ '1': 100 })
    expect(await setup.target.backfill.totals(holder, UNIT)).toEqual({ rows: 100, keys: 100, open: 0, pass: 0 })
    await close()
  })

  test('that would cut it at the same moment: one of them does', async () => {
    const { db, setup, holder, range, split, close } = await held()
    const takers = await Promise.all(Array.from({ length: 6 }, () => setup.prepared()))
    const cuts = await Promise.all(takers.map((taker, index) => split(taker, range, String(30 + index))))
    expect(cuts.filter((cut) => cut !== undefined).length).toBe(1)
    const ranges = await allRanges(db)
    expect(ranges.map(({ upper }) => upper)).toEqual([ranges[1]?.cursor, '100'])
    await Promise.all(takers.map((taker) => taker.close()))
    await close()
    void holder
  })

  test('do not cut where the holder has come by: the cut waits for the batch in flight', async () => {
    const { db, holder, taker, range, batch, split, close } = await held()
    const running = batch(holder, range, '60', 10)
    const seen = new Promise((resolve) => setTimeout(resolve, 200)).then(() => split(taker, range, '50'))
    expect(await running).toMatchObject({ moved: true, rows: 60 })
    expect(await seen).toBeUndefined()
    expect((await allRanges(db)).map(({ cursor, upper }) => [cursor, upper])).toEqual([['60', '100']])
    await close()
  })
})

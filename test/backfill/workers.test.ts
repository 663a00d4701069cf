import { expect, test } from 'vitest'
import { createDatabase, describeOnEveryServer } from '../support/servers.js'
import {
  allRanges,
  comparableBackfill,
  countingBackfill,
  counts,
  itemsSql,
  pause,
  setUpBackfill,
  UNIT,
  unitRow,
} from './backfill-setup.js'

describeOnEveryServer('several workers', (server) => {
  const slowly = (ms: number) => [{ column: 'n', expression: `n + 1 + ${pause(server.family, ms)}` }]

  test('of one process share a backfill: each row is changed once, and each worker has its part', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(4000, server.family))
    const { run, events } = await setUpBackfill(db)
    const backfill = countingBackfill({ batchSize: 20, set: slowly(0.1) })
    expect(await run(backfill, { workers: 2, limits: { floor: 10, ceiling: 20 } })).toEqual({
      state: 'applied',
      rows: 4000,
    })
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
})

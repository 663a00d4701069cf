import type { Bench } from './bench.js'
import { measurePairs } from './pairs.js'
import { barRow } from './row.js'
import { runEngine } from './run-engine.js'

/** Two workers of one process against one, no live traffic, each on a fresh copy of the table. */
export const benchWorkers: Bench = async ({ database, sizes: { rows, pairs }, say }) => {
  const perSecond = async (workers: number): Promise<number> => {
    await database.fresh(rows)
    return (await runEngine(database, rows, { workers })).perSecond
  }
  const bar = await measurePairs(
    pairs,
    () => perSecond(2),
    () => perSecond(1),
    say,
  )
  return [barRow('2 workers / 1 worker, rows/s', bar, { better: 'more', aim: 1.7, miss: 1.3 })]
}

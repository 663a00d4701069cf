import type { Bench } from './bench.js'
import { describeBar, measurePairs } from './pairs.js'
import { shownRow } from './row.js'
import { runEngine } from './run-engine.js'

/** By the table's pages against by a random UUID key, which visits the pages in no order; one worker, no live traffic. */
export const benchPages: Bench = async ({ database, sizes: { rows, pairs }, say }) => {
  const perSecond = async (key?: string): Promise<number> => {
    await database.fresh(rows, 'uuid')
    return (await runEngine(database, rows, key === undefined ? {} : { key })).perSecond
  }
  const bar = await measurePairs(
    pairs,
    () => perSecond('ctid'),
    () => perSecond(),
    say,
  )
  return [shownRow("`key: 'ctid'` / a random UUID key, rows/s", describeBar(bar))]
}

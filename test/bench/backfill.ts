import type { Bench } from './bench.js'
import { figure, measurePairs, median } from './pairs.js'
import { barRow, judgedRow, shownRow } from './row.js'
import { runEngine } from './run-engine.js'

/** Backfill with one worker and no live traffic against one whole-table UPDATE, each on a fresh copy of the table. */
export const benchBackfill: Bench = async ({ database, sizes: { rows, pairs }, say }) => {
  const growth = { backfill: [] as number[], update: [] as number[] }
  const logged = { backfill: [] as number[], update: [] as number[] }
  const measured = async (side: 'backfill' | 'update', work: () => Promise<number>): Promise<number> => {
    const before = await database.fresh(rows)
    const perSecond = await work()
    logged[side].push(await database.logged())
    growth[side].push((await database.size()) / before)
    return perSecond
  }
  const speed = await measurePairs(
    pairs,
    () => measured('backfill', async () => (await runEngine(database, rows)).perSecond),
    () =>
      measured('update', async () => {
        const started = performance.now()
        await database.update()
        return (rows * 1000) / (performance.now() - started)
      }),
    say,
  )
  const [grown, grownByUpdate] = [median(growth.backfill), median(growth.update)]
  const sizes = `${figure(grown)}; by one \`UPDATE\` ${figure(grownByUpdate)}`
  return [
    barRow(
      `backfill of ${rows.toLocaleString('en-US')} rows, one worker, no traffic / one \`UPDATE\`, rows/s`,
      speed,
      database.speed,
    ),
    database.growth === undefined
      ? shownRow('table size after / before', sizes)
      : judgedRow('table size after / before', grown, sizes, database.growth),
    shownRow('bytes of log written / those of one `UPDATE`', figure(median(logged.backfill) / median(logged.update))),
  ]
}

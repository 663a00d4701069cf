import type { Bench } from './bench.js'
import { largeRun } from './large-run.js'
import { figure, median } from './pairs.js'
import { judgedRow } from './row.js'
import { runEngine } from './run-engine.js'

const SMALL_RUNS = 3

/** Resident memory of the engine's process at its highest, on a large table over that on one of the usual size. */
export const benchMemory: Bench = async (context) => {
  const { database, sizes } = context
  const large = (await largeRun(context, 'bigint')).peakBytes
  const small: number[] = []
  for (let run = 0; run < SMALL_RUNS; run++) {
    await database.fresh(sizes.rows)
    small.push((await runEngine(database, sizes.rows)).peakBytes)
  }
  const usual = median(small)
  const ratio = large / usual
  const spread = { min: Math.min(...small) / usual, max: Math.max(...small) / usual }
  return [
    judgedRow(
      `resident memory, ${sizes.large.toLocaleString('en-US')} rows / ${sizes.rows.toLocaleString('en-US')}`,
      ratio,
      `${figure(ratio)} (${megabytes(large)} / ${megabytes(usual)} MB; the smaller against itself ${figure(spread.min)} to ${figure(spread.max)})`,
      { better: 'less', aim: 1, miss: 1.1 },
      spread,
    ),
  ]
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}

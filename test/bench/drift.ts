import type { Bench } from './bench.js'
import type { Key } from './bench-database.js'
import { largeRun } from './large-run.js'
import { figure } from './pairs.js'
import { judgedRow } from './row.js'
import type { Batch } from './run-engine.js'

/** What a row costs in the last tenth of a large table over what it costs in the first. */
export function benchDrift(key: Key): Bench {
  return async (context) => {
    const { batches } = await largeRun(context, key)
    const costs = costsByTenth(batches)
    const ratio = costs.at(-1)! / costs[0]!
    const steps = costs.slice(1).map((cost, i) => cost / costs[i]!)
    const spread = { min: Math.min(...steps), max: Math.max(...steps) }
    const each = costs.map((cost) => figure(cost / costs[0]!)).join(' ')
    return [
      judgedRow(
        `batch cost, ms a row, last tenth / first tenth of ${context.sizes.large.toLocaleString('en-US')} rows, ${key} keys`,
        ratio,
        `${figure(ratio)} (tenths over the first: ${each}; a tenth over the one before it ${figure(spread.min)} to ${figure(spread.max)})`,
        { better: 'less', aim: 1.1, miss: 1.3 },
        spread,
      ),
    ]
  }
}

/** ms a row of the batches in each tenth of the rows; a batch across a border counts where its middle is. */
function costsByTenth(batches: readonly Batch[]): readonly number[] {
  const total = batches.reduce((sum, { rows }) => sum + rows, 0)
  const tenths = Array.from({ length: 10 }, () => ({ rows: 0, ms: 0 }))
  let before = 0
  for (const { rows, ms } of batches) {
    const tenth = tenths[Math.min(9, Math.floor(((before + rows / 2) * 10) / total))]!
    tenth.rows += rows
    tenth.ms += ms
    before += rows
  }
  return tenths.map(({ rows, ms }) => ms / rows)
}

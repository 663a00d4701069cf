import type { Bench } from './bench.js'
import { figure, median } from './pairs.js'
import { judgedRow, type Row, shownRow } from './row.js'
import { runEngine } from './run-engine.js'
import { percentile, type Sample, type TrafficRun } from './traffic-process.js'
import { measureRound, type Round } from './traffic-round.js'

/** A p99 of fewer is that of a handful of samples. */
const SAMPLES = 2000
const LEAST_ROUNDS = 3
/** The default target time of a batch, in ms: that long it holds its rows. */
const BATCH_TIME = 250

type Kind = keyof TrafficRun

interface Rounds {
  readonly backfill: readonly Round[]
  readonly update: readonly Round[]
}

/** What live traffic feels while a backfill runs at its default pace, and while one UPDATE of the table does the same. */
export const benchTraffic: Bench = async ({ database, sizes: { rows, pairs }, say }) => {
  const backfill: Round[] = []
  const update: Round[] = []
  for (let round = 1; round <= pairs + LEAST_ROUNDS; round++) {
    backfill.push(
      await measureRound(database, rows, async () => {
        const { started, ended } = await runEngine(database, rows)
        return { from: started, to: ended }
      }),
    )
    update.push(
      await measureRound(database, rows, async () => {
        const from = Date.now()
        await database.update()
        return { from, to: Date.now() }
      }),
    )
    const during = [backfill, update].map((rounds) => Math.min(count(rounds, 'reads'), count(rounds, 'writes')))
    say(`round ${round}: ${during.join(' and ')} samples beside backfill and UPDATE`)
    if (round >= LEAST_ROUNDS && Math.min(...during) >= SAMPLES) break
  }
  const rounds = { backfill, update }
  return [
    slowdown('reads', rounds),
    slowdown('writes', rounds),
    longestWait(rounds),
    shownRow('with that traffic: time of the backfill / of the `UPDATE`', figure(took(backfill) / took(update))),
  ]
}

/** p99 during over before: a miss is 3 times, or 20 ms more where that is more than 3 times. */
function slowdown(kind: Kind, { backfill, update }: Rounds): Row {
  const idle = [...backfill, ...update].map((round) => round.before[kind])
  const before = p99(idle.flat())
  const during = p99(backfill.flatMap((round) => round.during[kind]))
  const other = p99(update.flatMap((round) => round.during[kind]))
  const itself = idle.map((samples) => p99(samples) / before)
  const spread = { min: Math.min(...itself), max: Math.max(...itself) }
  const row = judgedRow(
    `p99 of point ${kind} during a backfill / before`,
    during / before,
    `${figure(during / before)} (${ms(during)} / ${ms(before)} ms, ${count(backfill, kind)} ${kind}; ` +
      `before against itself ${figure(spread.min)} to ${figure(spread.max)}); ` +
      `during one \`UPDATE\` ${figure(other / before)} (${ms(other)} ms, ${count(update, kind)} ${kind})`,
    { better: 'less', aim: 1.5, miss: Math.max(3, (before + 20) / before) },
    spread,
  )
  return { ...row, miss: `${row.miss} (3x or + 20 ms)` }
}

/** The longest write to a random row over the target time of a batch: what makes it wait so long is the lock on its row. */
function longestWait({ backfill, update }: Rounds): Row {
  const waits = (samples: readonly Sample[]): readonly number[] => samples.map(({ wait }) => wait)
  const before = waits([...backfill, ...update].flatMap((round) => round.before.writes))
  const during = waits(backfill.flatMap((round) => round.during.writes))
  const other = waits(update.flatMap((round) => round.during.writes))
  const longest = percentile(during, 1)
  const describe = (times: readonly number[]): string =>
    `${ms(percentile(times, 1))} ms, p50 ${ms(percentile(times, 0.5))}`
  return judgedRow(
    `longest wait of a write for its row / target time of a batch (${BATCH_TIME} ms)`,
    longest / BATCH_TIME,
    `${figure(longest / BATCH_TIME)} (${describe(during)}; before ${describe(before)}); during one \`UPDATE\` ${describe(other)}`,
    { better: 'less', aim: 1, miss: 2 },
    { min: 0, max: percentile(before, 1) / BATCH_TIME },
  )
}

function count(rounds: readonly Round[], kind: Kind): number {
  return rounds.reduce((sum, { during }) => sum + during[kind].length, 0)
}

function took(rounds: readonly Round[]): number {
  return median(rounds.map((round) => round.took))
}

function p99(samples: readonly Sample[]): number {
  return percentile(
    samples.map((sample) => sample.ms),
    0.99,
  )
}

function ms(value: number): string {
  return value.toFixed(1)
}

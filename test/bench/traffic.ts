import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, BenchContext } from './bench.js'
import { figure, median } from './pairs.js'
import { judgedRow, type Row, type Spread, shownRow } from './row.js'
import { runEngine } from './run-engine.js'
import { percentile, type Sample, startTraffic } from './traffic-process.js'

/** Connecting and first queries are not measured (ms); then so long nothing happens beside the traffic. */
const WARM_UP = 1000
const BEFORE = 6000
/** A p99 of fewer is that of a handful of samples. */
const SAMPLES = 2000
const LEAST_ROUNDS = 3
/** The default target time of a batch, in ms: that long it holds its rows. */
const BATCH_TIME = 250

/** What the traffic felt before and during something; several rounds of it put together. */
interface Felt {
  readonly before: { reads: Sample[]; writes: Sample[] }
  readonly during: { reads: Sample[]; writes: Sample[] }
  /** ms of each round. */
  readonly took: number[]
}

/** What live traffic feels while a backfill runs at its default pace, and while one UPDATE of the table does the same. */
export const benchTraffic: Bench = async (context) => {
  const { database, sizes, say } = context
  const [backfill, update] = [nothingFelt(), nothingFelt()]
  const runBackfill = async (): Promise<readonly [number, number]> => {
    const { started, ended } = await runEngine(database, sizes.rows)
    return [started, ended]
  }
  const runUpdate = async (): Promise<readonly [number, number]> => {
    const from = Date.now()
    await database.update()
    return [from, Date.now()]
  }
  for (let round = 1; round <= sizes.pairs + LEAST_ROUNDS; round++) {
    await measure(context, backfill, runBackfill)
    await measure(context, update, runUpdate)
    const parts = [backfill, update].flatMap(({ before, during }) => [before, during])
    const samples = Math.min(...parts.flatMap(({ reads, writes }) => [reads.length, writes.length]))
    say(`round ${round}: at least ${samples} samples of each`)
    if (round >= LEAST_ROUNDS && samples >= SAMPLES) break
  }
  return [
    slowdown('reads', backfill, update),
    slowdown('writes', backfill, update),
    longestWait(backfill, update),
    shownRow(
      'the same with traffic: time of the backfill / of the `UPDATE`',
      figure(median(backfill.took) / median(update.took)),
    ),
  ]
}

function nothingFelt(): Felt {
  return { before: { reads: [], writes: [] }, during: { reads: [], writes: [] }, took: [] }
}

async function measure(
  { database, sizes: { rows } }: BenchContext,
  felt: Felt,
  work: () => Promise<readonly [from: number, to: number]>,
): Promise<void> {
  await database.fresh(rows)
  const traffic = await startTraffic(database, rows)
  const warm = Date.now() + WARM_UP
  await sleep(WARM_UP + BEFORE)
  const idle = Date.now()
  const [from, to] = await work().catch((error: unknown) => {
    traffic.kill()
    throw error
  })
  const { reads, writes } = await traffic.stop()
  const within = (samples: readonly Sample[], start: number, end: number): readonly Sample[] =>
    samples.filter(({ at }) => at >= start && at < end)
  for (const [into, start, end] of [
    [felt.before, warm, idle],
    [felt.during, from, to],
  ] as const) {
    into.reads.push(...within(reads, start, end))
    into.writes.push(...within(writes, start, end))
  }
  felt.took.push(to - from)
}

/** p99 during over before: a miss is 3 times, or 20 ms more where that is more than 3 times. */
function slowdown(kind: 'reads' | 'writes', backfill: Felt, update: Felt): Row {
  const p99 = (samples: readonly Sample[]): number =>
    percentile(
      samples.map(({ ms }) => ms),
      0.99,
    )
  const [before, during] = [p99(backfill.before[kind]), p99(backfill.during[kind])]
  const [otherBefore, otherDuring] = [p99(update.before[kind]), p99(update.during[kind])]
  const idle = otherBefore / before
  const spread: Spread = { min: Math.min(idle, 1 / idle), max: Math.max(idle, 1 / idle) }
  const bounds = { better: 'less', aim: 1.5, miss: Math.max(3, (before + 20) / before) } as const
  const row = judgedRow(
    `p99 of point ${kind} during a backfill / before`,
    during / before,
    `${figure(during / before)} (${ms(during)} / ${ms(before)} ms, ${backfill.during[kind].length} ${kind}; before against itself ${figure(spread.min)} to ${figure(spread.max)}); ` +
      `during one \`UPDATE\` ${figure(otherDuring / otherBefore)} (${ms(otherDuring)} / ${ms(otherBefore)} ms)`,
    bounds,
    spread,
  )
  return { ...row, miss: `${row.miss} (3x or + 20 ms)` }
}

/** The longest write to a random row over the target time of a batch: nothing but the lock on its row makes it wait. */
function longestWait(backfill: Felt, update: Felt): Row {
  const longest = ({ writes }: Felt['before']): number =>
    percentile(
      writes.map(({ wait }) => wait),
      1,
    )
  const typical = ({ writes }: Felt['before']): number =>
    percentile(
      writes.map(({ wait }) => wait),
      0.5,
    )
  const [before, during] = [longest(backfill.before), longest(backfill.during)]
  return judgedRow(
    `longest wait of a write for its row / target time of a batch (${BATCH_TIME} ms)`,
    during / BATCH_TIME,
    `${figure(during / BATCH_TIME)} (${ms(during)} ms, p50 ${ms(typical(backfill.during))}; before ${ms(before)}, p50 ${ms(typical(backfill.before))}); ` +
      `during one \`UPDATE\` ${ms(longest(update.during))} ms, p50 ${ms(typical(update.during))}`,
    { better: 'less', aim: 1, miss: 2 },
    { min: 0, max: before / BATCH_TIME },
  )
}

function ms(value: number): string {
  return value.toFixed(1)
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchDatabase } from './bench-database.js'
import { startTraffic, type TrafficRun } from './traffic-process.js'

/** Connecting and first queries are not measured (ms); then so long nothing happens beside the traffic. */
const WARM_UP = 1000
const BEFORE = 6000

/** What the traffic felt before and during some work. */
export interface Round {
  readonly before: TrafficRun
  readonly during: TrafficRun
  /** What the work took, in ms. */
  readonly took: number
}

/** From when to when something happened, in ms since 1970. */
interface Window {
  readonly from: number
  readonly to: number
}

/** Lets traffic run on a fresh table, then does the work beside it. */
export async function measureRound(database: BenchDatabase, rows: number, work: () => Promise<Window>): Promise<Round> {
  await database.fresh(rows)
  const traffic = await startTraffic(database, rows)
  const warm = Date.now() + WARM_UP
  await sleep(WARM_UP + BEFORE)
  const idle = { from: warm, to: Date.now() }
  const window = await work().catch((error: unknown) => {
    traffic.kill()
    throw error
  })
  const run = await traffic.stop()
  return { before: within(run, idle), during: within(run, window), took: window.to - window.from }
}

function within({ reads, writes }: TrafficRun, { from, to }: Window): TrafficRun {
  return {
    reads: reads.filter(({ at }) => at >= from && at < to),
    writes: writes.filter(({ at }) => at >= from && at < to),
  }
}

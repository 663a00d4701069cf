import {
  type BackfillControl,
  type Clock,
  type CompiledBackfill,
  type PaceSettings,
  startOfWindow,
  waitsForWindow,
} from '@phasegate/core'
import type { Collector } from '../throttle/collector.js'
import type { Hold } from './hold.js'
import type { Reclaimer } from './reclaim.js'
import { createRowRate, mostKeys, type RowRate } from './row-rate.js'

/** How fast this process may go: one for all of its workers. */
export interface ProcessPace {
  /** Time windows and what the server says. */
  readonly stops: () => Hold | undefined
  /** Rest after a batch that took so many ms; undefined: none. */
  readonly restAfter: (ms: number) => Hold | undefined
  readonly rate: { readonly rowsPerSecond: number; readonly rows: RowRate } | undefined
  /** A worker's own share of what the whole unit may. */
  worker(): WorkerPace
}

/** How fast one worker may go. */
export interface WorkerPace {
  /** What nothing may be done for: a time window, or what the server says. */
  stops(): Hold | undefined
  /** What the next batch has to wait for; undefined: nothing. */
  hold(control: BackfillControl): Hold | undefined
  /** Most keys that the next batch may take. */
  mostKeys(control: BackfillControl): number
  /** A batch is done: `rows` changed in `ms`. */
  done(rows: number, ms: number): void
}

export interface PaceOptions {
  readonly pace: PaceSettings
  readonly backfill: Pick<CompiledBackfill, 'only'>
  readonly collector: Pick<Collector, 'verdict'> | undefined
  readonly reclaimer: Pick<Reclaimer, 'look'> | undefined
  readonly clock: Clock
  /** ms since 1970. */
  readonly wallClock: () => number
}

/** ms between two looks at what is in the way: wishes of others are carried out as soon as that. */
const LOOK_EVERY_MS = 500
const LONGEST_REST_MS = 10_000

export function createPace({ pace, backfill, collector, reclaimer, clock, wallClock }: PaceOptions): ProcessPace {
  const windows = backfill.only ?? pace.only
  const own =
    pace.maxRowsPerSecond === null
      ? undefined
      : { rowsPerSecond: pace.maxRowsPerSecond, rows: createRowRate(clock.now()) }

  const stops = (): Hold | undefined => {
    const window = waitsForWindow(windows, wallClock())
    if (window !== undefined) {
      const reason = `waits for ${startOfWindow(window)}`
      return { ms: LOOK_EVERY_MS, reason, kind: 'stop', from: 'only' }
    }
    const verdict = collector?.verdict()
    if (verdict?.level !== 'stop') return undefined
    return { ms: LOOK_EVERY_MS, reason: verdict.reason, kind: 'stop', from: verdict.signal }
  }
  const restAfter = (ms: number): Hold | undefined => {
    const verdict = collector?.verdict()
    if (verdict?.level !== 'slow') return undefined
    return {
      ms: Math.min(LONGEST_REST_MS, ms * verdict.rest),
      reason: verdict.reason,
      kind: 'rest',
      from: verdict.signal,
    }
  }
  const process: ProcessPace = {
    stops,
    restAfter,
    rate: own,
    worker: () => createWorkerPace(process, reclaimer, clock),
  }
  return process
}

function createWorkerPace(
  { stops, restAfter, rate: own }: ProcessPace,
  reclaimer: PaceOptions['reclaimer'],
  clock: Clock,
): WorkerPace {
  const share = createRowRate(clock.now())
  /** When the rest after the last batch ends. */
  let restUntil = Number.NEGATIVE_INFINITY
  let rest: Hold | undefined
  return {
    stops,
    hold: (control) => {
      const stop = stops()
      if (stop !== undefined) return stop
      const now = clock.now()
      if (rest !== undefined && now < restUntil) return { ...rest, ms: Math.min(LOOK_EVERY_MS, restUntil - now) }
      rest = undefined
      const reclaiming = reclaimer?.look(control.rowsDone)
      if (reclaiming !== undefined) return reclaiming
      const ofUnit = control.maxRowsPerSecond === null ? 0 : share.wait(now, sharedRate(control))
      const ofProcess = own === undefined ? 0 : own.rows.wait(now, own.rowsPerSecond)
      const ms = Math.max(ofUnit, ofProcess)
      if (ms === 0) return undefined
      const most = Math.min(
        control.maxRowsPerSecond ?? Number.POSITIVE_INFINITY,
        own?.rowsPerSecond ?? Number.POSITIVE_INFINITY,
      )
      const reason = `at most ${most.toLocaleString('en-US')} rows/s`
      return { ms: Math.min(LOOK_EVERY_MS, ms), reason, kind: 'rest', from: 'maxRowsPerSecond', silent: true }
    },
    mostKeys: (control) =>
      Math.min(
        control.maxRowsPerSecond === null ? Number.POSITIVE_INFINITY : mostKeys(sharedRate(control)),
        own === undefined ? Number.POSITIVE_INFINITY : mostKeys(own.rowsPerSecond),
      ),
    done: (rows, ms) => {
      share.spend(rows)
      own?.rows.spend(rows)
      rest = restAfter(ms)
      if (rest !== undefined) restUntil = clock.now() + rest.ms
    },
  }
}

/** What the whole unit may, shared by as many as hold a range. */
function sharedRate({ maxRowsPerSecond, leases }: BackfillControl): number {
  return (maxRowsPerSecond ?? 0) / Math.max(1, leases)
}

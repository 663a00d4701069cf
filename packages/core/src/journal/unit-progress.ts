import type { EngineName } from '../engine/engine-task.js'
import { type BatchTimes, NO_BATCHES } from './batch-times.js'

/** How far a backfill is, or an engine that copies a table. */
export interface UnitProgress {
  /** Rows changed so far, by all workers. */
  readonly done: number
  /** Rows expected, null where unknown. */
  readonly total: number | null
  /** How much of the table's keys it has passed, 0 to 100; null where unknown, 100 only when it has passed all of them. */
  readonly percent: number | null
  readonly rowsPerSecond: number | null
  /** Seconds; null where unknown, and in the first minute. Time in a pause is not in it. */
  readonly etaSeconds: number | null
  /** Keys of the latest batch; null before the first. */
  readonly batchSize: number | null
  readonly paused: boolean
  /** Seconds that a worker waited for `resume` so far. */
  readonly pausedSeconds: number
  /** Why it is slowed down or waits; null where nothing holds it. */
  readonly throttleReason: string | null
  /** Seconds without a batch for such a reason so far. */
  readonly throttledSeconds: number
  /** Rows compared so far in the verification that runs; null outside of one. */
  readonly compared: number | null
  /** The engine that is at work, what it is doing, and how many seconds it is behind; null: it is a backfill. */
  readonly engine: { readonly name: EngineName; readonly state: string; readonly lagSeconds: number | null } | null
}

/** What the journal keeps of it, for everybody who asks and for whoever goes on with it. */
export interface RecordedProgress extends UnitProgress {
  /** Keys passed, changed or not. */
  readonly walked: number
  readonly batches: BatchTimes
}

/**
 * The progress that a journal holds, whichever version of Phasegate wrote it: what that version did not know is null or
 * zero. Null where there is none.
 */
export function readProgress(recorded: unknown): RecordedProgress | null {
  if (typeof recorded !== 'object' || recorded === null) return null
  const kept = recorded as Partial<RecordedProgress>
  return { ...NO_PROGRESS, ...kept, batches: { ...NO_BATCHES, ...kept.batches } }
}

/** Before the first batch. */
export const NO_PROGRESS: RecordedProgress = {
  done: 0,
  total: null,
  percent: null,
  rowsPerSecond: null,
  etaSeconds: null,
  batchSize: null,
  paused: false,
  pausedSeconds: 0,
  throttleReason: null,
  throttledSeconds: 0,
  compared: null,
  engine: null,
  walked: 0,
  batches: NO_BATCHES,
}

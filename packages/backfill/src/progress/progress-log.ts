import {
  addBatch,
  type BatchTimes,
  mergeBatchTimes,
  NO_BATCHES,
  type RecordedProgress,
  type Session,
  type UnitProgress,
} from '@phasegate/core'
import { type BackfillSettings, PROGRESS_EVERY_MS } from '../options.js'
import { withinDeadline } from '../worker/answer-deadline.js'
import { isConflict, readAgain } from '../worker/conflict.js'
import type { WorkerSession } from '../worker/worker-session.js'
import { advanceProgress, describeProgress, type ProgressState } from './progress.js'

/** ms for the last word: a server without room on its disk may keep whoever writes waiting. */
const LAST_WORD_MS = 5000

export interface BatchReport {
  readonly rows: number
  /** Keys asked for. */
  readonly keys: number
  readonly ms: number
  /** The last batch of its range: it may have held fewer keys than were asked for. */
  readonly whole: boolean
}

/**
 * Tells the world how far the unit got, by whoever works on it: an event for each batch of this process, the journal once a
 * second. Shared by the workers of a process.
 */
export interface ProgressLog {
  /** A batch is committed; `session` is the one it ran on. */
  batch(session: Session, report: BatchReport): Promise<void>
  /** A batch was rolled back and comes again. */
  retried(): void
  /** `ms` went by without a batch for this reason; null: nothing holds it any more. `on`: the worker's that waits. */
  throttled(reason: string | null, ms: number, on: WorkerSession): Promise<void>
  paused(): Promise<void>
  /** Time until the next batch counts from now. */
  resumed(): void
  /** Every range has been walked to its end. */
  whole(): Promise<void>
  /** So many rows were compared by now; null: the comparison is over. */
  compared(rows: number | null): Promise<void>
  /** The last word of this process: records what is not recorded yet, and tells what all batches cost. Never throws. */
  ended(): Promise<void>
}

/**
 * @param worker where to write between batches
 * @param start where others have left it
 */
export function createProgressLog(
  settings: BackfillSettings,
  worker: WorkerSession,
  start: ProgressState,
): ProgressLog {
  const { clock, target, unit, emit } = settings
  /** As the sums of all ranges said last. */
  let state = start
  let summedAt = clock.now()
  /** What our own batches did since. */
  let since = { rows: 0, keys: 0 }
  let pausedAt: number | undefined
  let recordedAt = Number.NEGATIVE_INFINITY
  let recording = false
  /** What the journal has, of all processes; and what happened here since. */
  let kept = NO_BATCHES
  let fresh = NO_BATCHES

  const note = (what: Partial<BatchTimes>): void => {
    fresh = mergeBatchTimes(fresh, { ...NO_BATCHES, ...what })
  }
  const progress = (): UnitProgress => {
    const done = state.done + since.rows
    return describeProgress({ ...state, done, walked: state.walked + since.keys }, mergeBatchTimes(kept, fresh))
  }
  const isDue = (): boolean => !recording && clock.now() - recordedAt >= PROGRESS_EVERY_MS

  /** Takes in what all workers have done, of whichever process. */
  const sum = async (session: Session): Promise<void> => {
    const ours = since
    const { rows, keys, open } = await target.backfill.totals(session, unit)
    const now = clock.now()
    const walked = Math.max(keys, rows, state.walked)
    const delta = { rows: Math.max(0, rows - state.done), keys: walked - state.walked, ms: now - summedAt }
    // Somebody else may have walked the last range: what is recorded last says so, whoever records it.
    state = { ...advanceProgress(state, delta), done: rows, walked, whole: open === 0 }
    since = { rows: since.rows - ours.rows, keys: since.keys - ours.keys }
    summedAt = now
  }
  const record = async (session: Session, say = () => {}): Promise<void> => {
    recording = true
    recordedAt = clock.now()
    let taken = NO_BATCHES
    const add = (recorded: RecordedProgress | null): RecordedProgress => {
      const batches = mergeBatchTimes(recorded?.batches ?? NO_BATCHES, taken)
      return { ...describeProgress(state, batches), walked: state.walked, batches }
    }
    try {
      await sum(session).finally(say)
      taken = fresh
      fresh = NO_BATCHES
      kept = (await target.backfill.recordProgress(session, unit, add)).batches
    } catch (error) {
      fresh = mergeBatchTimes(taken, fresh)
      throw error
    } finally {
      recording = false
    }
  }
  const recordForSure = (): Promise<void> =>
    readAgain(
      settings,
      worker,
      (session) => record(session),
      () => {},
    )

  return {
    batch: async (session, { rows, keys, ms, whole }) => {
      since = { rows: since.rows + rows, keys: since.keys + (whole ? rows : Math.max(keys, rows)) }
      state = { ...state, batchSize: keys, whole: false, compared: null }
      fresh = addBatch(fresh, { ms, rows })
      const say = (): void => emit({ type: 'batch.done', unit, rows, ms, size: keys, progress: progress() })
      if (!isDue()) return say()
      await record(session, say).catch((error: unknown) => {
        // Somebody else writes the unit's row at this moment: a second later is early enough.
        if (!isConflict(target.classify(error))) throw error
      })
    },
    retried: () => note({ retries: 1 }),
    throttled: async (throttleReason, ms, on) => {
      const began = throttleReason !== null && state.throttleReason === null
      state = { ...state, throttleReason }
      note({ throttledMs: ms })
      // Nothing else is recorded while it waits.
      if (throttleReason !== null && (began || isDue())) await readAgain(settings, on, record, () => {})
    },
    paused: async () => {
      pausedAt ??= clock.now()
      state = { ...state, paused: true }
      await recordForSure()
    },
    resumed: () => {
      if (pausedAt !== undefined) note({ pausedMs: clock.now() - pausedAt })
      pausedAt = undefined
      state = { ...state, paused: false }
      summedAt = clock.now()
    },
    whole: async () => {
      state = { ...state, whole: true }
      await recordForSure()
    },
    compared: async (rows) => {
      state = { ...state, compared: rows }
      if (rows !== null) emit({ type: 'backfill.compared', unit, rows, progress: progress() })
      if (rows === null || isDue()) await recordForSure()
    },
    ended: async () => {
      try {
        await withinDeadline(record(await worker.get()), LAST_WORD_MS, clock)
      } catch {
        // How it ended is recorded already, or the database is away: what is missing is the last second of these figures.
      }
      emit({ type: 'backfill.ended', unit, progress: progress(), batches: mergeBatchTimes(kept, fresh) })
    },
  }
}

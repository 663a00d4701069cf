import type { Session, UnitProgress } from '@phasegate/core'
import { type BackfillSettings, PROGRESS_EVERY_MS } from './options.js'
import { advanceProgress, describeProgress, type ProgressState } from './progress.js'

export interface BatchReport {
  readonly rows: number
  /** Keys asked for. */
  readonly keys: number
  readonly ms: number
  /** The last batch of its range: it may have held fewer keys than were asked for. */
  readonly whole: boolean
}

/** Tells the world how far it got: an event for each batch, the journal once a second. */
export interface ProgressLog {
  batch(session: Session, report: BatchReport): Promise<void>
  paused(session: Session): Promise<void>
  /** Time until the next batch counts from now. */
  resumed(): void
  readonly state: ProgressState
}

export function createProgressLog(settings: BackfillSettings, start: ProgressState): ProgressLog {
  const { clock, target, unit, emit } = settings
  let state = start
  let batchAt = clock.now()
  let recordedAt = Number.NEGATIVE_INFINITY

  const record = async (session: Session, progress: UnitProgress): Promise<void> => {
    recordedAt = clock.now()
    await target.backfill.recordProgress(session, unit, { ...progress, walked: state.walked })
  }
  return {
    get state() {
      return state
    },
    batch: async (session, { rows, keys, ms, whole }) => {
      const now = clock.now()
      state = advanceProgress(state, { rows, keys: whole ? rows : keys, ms: now - batchAt })
      batchAt = now
      const shown = describeProgress(state)
      const progress = whole ? { ...shown, total: state.done, etaSeconds: 0 } : shown
      emit({ type: 'batch.done', unit, rows, ms, size: keys, progress })
      if (whole || now - recordedAt >= PROGRESS_EVERY_MS) await record(session, progress)
    },
    paused: (session) => record(session, describeProgress(state, true)),
    resumed: () => {
      batchAt = clock.now()
    },
  }
}

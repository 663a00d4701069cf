import type { Session, UnitProgress } from '@phasegate/core'
import { type BackfillSettings, PROGRESS_EVERY_MS } from './options.js'
import { type Hold, RATE } from './pace/pace.js'
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
  /** Something is in the way of the next batch: told when it begins, recorded once a second. */
  held(hold: Hold, session: () => Promise<Session>): Promise<void>
  /** A batch begins. `rested`: it had to wait since the one before, so that what only slows it down goes on. */
  free(rested: boolean): void
  /** Time until the next batch counts from now. */
  resumed(): void
  readonly state: ProgressState
}

export function createProgressLog(settings: BackfillSettings, start: ProgressState): ProgressLog {
  const { clock, target, unit, emit } = settings
  let state = start
  let batchAt = clock.now()
  let recordedAt = Number.NEGATIVE_INFINITY
  let hold: Hold | undefined

  const describe = (paused = false): UnitProgress => ({
    ...describeProgress(state, paused),
    throttleReason: hold?.reason ?? null,
  })
  /** An event for each beginning and end; being kept under a rate is what was asked for, and no event. */
  const tell = (now: Hold | undefined): void => {
    const before = hold
    hold = now
    if (before?.from === now?.from && before?.kind === now?.kind) return
    if (now !== undefined && now.from !== RATE)
      emit({ type: 'backfill.throttled', unit, level: now.kind === 'stop' ? 'stop' : 'slow', reason: now.reason })
    else if (before !== undefined && before.from !== RATE)
      emit({ type: 'backfill.throttled', unit, level: null, reason: null })
  }

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
      const shown = describe()
      const progress = whole ? { ...shown, total: state.done, etaSeconds: 0 } : shown
      emit({ type: 'batch.done', unit, rows, ms, size: keys, progress })
      if (whole || now - recordedAt >= PROGRESS_EVERY_MS) await record(session, progress)
    },
    paused: (session) => record(session, describe(true)),
    held: async (now, session) => {
      const stopped = now.kind === 'stop'
      const begins = hold?.from !== now.from || hold.kind !== now.kind
      tell(now)
      // Time in which nothing was to be done is no part of the rate.
      if (stopped) batchAt = clock.now()
      if ((stopped && begins) || clock.now() - recordedAt >= PROGRESS_EVERY_MS)
        await record(await session(), describe())
    },
    free: (rested) => {
      if (hold !== undefined && (!rested || hold.kind === 'stop')) tell(undefined)
    },
    resumed: () => {
      batchAt = clock.now()
    },
  }
}

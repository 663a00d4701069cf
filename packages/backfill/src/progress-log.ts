import type { BackfillTotals, Session, UnitProgress } from '@phasegate/core'
import { isConflict } from './conflict.js'
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

/**
 * Tells the world how far the unit got, by whoever works on it: an event for each batch of this process, the journal once a
 * second. Shared by the workers of a process.
 */
export interface ProgressLog {
  batch(session: Session, report: BatchReport): Promise<void>
  paused(session: Session): Promise<void>
  /** Time until the next batch counts from now. */
  resumed(): void
}

export function createProgressLog(settings: BackfillSettings, start: ProgressState): ProgressLog {
  const { clock, target, unit, emit } = settings
  /** As the sums of all ranges said last. */
  let state = start
  let summedAt = clock.now()
  /** What our own batches did since. */
  let since = { rows: 0, keys: 0 }
  let recordedAt = Number.NEGATIVE_INFINITY

  const sumNow = async (session: Session): Promise<BackfillTotals> => {
    const before = since
    const totals = await target.backfill.totals(session, unit)
    const now = clock.now()
    const walked = Math.max(totals.keys, totals.rows)
    const rates = advanceProgress(state, {
      rows: Math.max(0, totals.rows - state.done),
      keys: Math.max(0, walked - state.walked),
      ms: now - summedAt,
    })
    state = { ...rates, done: totals.rows, walked: Math.max(walked, state.walked) }
    since = { rows: since.rows - before.rows, keys: since.keys - before.keys }
    summedAt = now
    return totals
  }
  /** One after the other: two that overlap would take the same batches for summed. */
  let summing: Promise<unknown> = Promise.resolve()
  const sum = (session: Session): Promise<BackfillTotals> => {
    const next = summing.then(
      () => sumNow(session),
      () => sumNow(session),
    )
    summing = next
    return next
  }
  const record = async (session: Session, progress: UnitProgress, attempts = 1): Promise<void> => {
    try {
      await target.backfill.recordProgress(session, unit, { ...progress, walked: state.walked })
    } catch (error) {
      if (!isConflict(target.classify(error))) throw error
      // Another worker holds the unit's row for a moment. The batch is done all the same, and a newer figure follows.
      if (attempts > 1) await record(session, progress, attempts - 1)
    }
  }
  return {
    batch: async (session, { rows, keys, ms, whole }) => {
      since = { rows: since.rows + rows, keys: since.keys + (whole ? rows : Math.max(keys, rows)) }
      const due = whole || clock.now() - recordedAt >= PROGRESS_EVERY_MS
      if (due) recordedAt = clock.now()
      const totals = due ? await sum(session) : undefined
      const shown = describeProgress({ ...state, done: state.done + since.rows, walked: state.walked + since.keys })
      const progress = totals?.open === 0 ? { ...shown, total: shown.done, etaSeconds: 0 } : shown
      emit({ type: 'batch.done', unit, rows, ms, size: keys, progress })
      // No newer figure follows the last one.
      if (due) await record(session, progress, totals?.open === 0 ? 5 : 1)
    },
    paused: async (session) => {
      await sum(session)
      await record(session, describeProgress(state, true))
    },
    resumed: () => {
      summedAt = clock.now()
    },
  }
}

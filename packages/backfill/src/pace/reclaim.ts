import type { BackfillTable } from '@phasegate/core'
import type { BackfillSettings } from '../options.js'
import type { Hold } from './hold.js'

/** Has the room of replaced rows made usable again while the table is filled, so that it does not grow to twice its size. */
export interface Reclaimer {
  /**
   * So many rows are done by all workers together: begins when that is another share of the table. Batches go on beside it.
   * Where it is still at the share before, they wait for it, but never longer than they have gone on beside it: it slows
   * them down to half their speed at most.
   */
  look(rowsDone: number): Hold | undefined
  /** Ends what runs. Never rejects. */
  close(): Promise<void>
}

/** Share of the table after which it is due. The design says a tenth; see docs/decisions/0013. */
const SHARE = 1 / 30
/** Fewer rows than this are not worth the look at all indexes. */
const LEAST_ROWS = 10_000
/** What a row takes where nobody knows how many there are. */
const BYTES_PER_ROW = 100

export function createReclaimer(settings: BackfillSettings, table: BackfillTable): Reclaimer | undefined {
  const { target, backfill, clock, unit, emit } = settings
  const reclaimer = target.backfill.reclaimer?.(() => target.openSession('vacuum'), backfill)
  if (reclaimer === undefined) return undefined
  const due = Math.max(LEAST_ROWS, (table.estimatedRows ?? table.bytes / BYTES_PER_ROW) * SHARE)
  const ended = new AbortController()
  let shares: number | undefined
  let running: Promise<void> | undefined
  let startedAt = clock.now()
  /** ms that batches have waited for the one that runs, and since when they do. */
  let waited = 0
  let waitingSince: number | undefined
  let permitted = true

  const run = async (): Promise<void> => {
    try {
      const reclaimed = await reclaimer.run(ended.signal)
      permitted = reclaimed.state !== 'not permitted'
      emit({ type: 'backfill.reclaimed', unit, ms: clock.now() - startedAt, ...reclaimed })
    } catch (error) {
      // The table only grows more than it had to; the next share tries again.
      const reason = error instanceof Error ? error.message : String(error)
      emit({ type: 'backfill.reclaimed', unit, ms: clock.now() - startedAt, state: 'failed', reason })
    } finally {
      waited = 0
      waitingSince = undefined
      running = undefined
    }
  }
  return {
    look: (rowsDone) => {
      const share = Math.floor(rowsDone / due)
      shares ??= share
      if (!permitted || share <= shares) return undefined
      const now = clock.now()
      if (running === undefined) {
        startedAt = now
        shares = share
        running = run()
        return undefined
      }
      if (waitingSince !== undefined) waited += now - waitingSince
      const left = now - startedAt - 2 * waited
      waitingSince = left > 0 ? now : undefined
      if (left <= 0) return undefined
      const ms = Math.min(left, 500)
      return { ms, until: running, reason: 'makes room', kind: 'rest', from: 'reclaim', silent: true }
    },
    close: async () => {
      ended.abort()
      await running
      await reclaimer.close()
    },
  }
}

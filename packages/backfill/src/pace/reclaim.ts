import type { BackfillTable } from '@phasegate/core'
import type { BackfillSettings } from '../options.js'
import type { Hold } from './pace.js'

/** Has the room of replaced rows made usable again while the table is filled, so that it does not grow to twice its size. */
export interface Reclaimer {
  /**
   * So many rows are done by all workers together: begins when that is another twentieth of the table. While it runs,
   * batches wait for the room, but no longer than they have worked since the last time.
   */
  look(rowsDone: number): Hold | undefined
  /** Ends what runs. Never rejects. */
  close(): Promise<void>
}

/**
 * Share of the table after which it is due. The design says a tenth; measured on 1,000,000 rows of 63 bytes (PostgreSQL
 * 18), a tenth leaves the table and its index at 1.37 of their size, a twentieth at 1.33, a fortieth at 1.31.
 */
const SHARE = 1 / 20
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
  let endedAt = clock.now()
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
      endedAt = clock.now()
      running = undefined
    }
  }
  return {
    look: (rowsDone) => {
      const now = Math.floor(rowsDone / due)
      if (permitted && running === undefined && shares !== undefined && now > shares) {
        startedAt = clock.now()
        shares = now
        running = run()
      }
      shares ??= now
      if (running === undefined) return undefined
      const left = startedAt - endedAt - (clock.now() - startedAt)
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

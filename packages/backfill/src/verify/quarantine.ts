import type { LeasedRange, QuarantinedRow, RowError } from '@phasegate/core'
import { quarantineFull } from '../backfill-errors.js'
import { mapThrew } from '../map/map-rows.js'
import type { Walk } from '../range/walk.js'
import { withinDeadline } from '../worker/answer-deadline.js'
import { readAgain } from '../worker/conflict.js'
import { createComparer } from './compare-chunk.js'

/** A batch of one key that the database refuses. */
export interface Refused {
  /** Where the batch ended. */
  readonly end: string
  readonly error: unknown
}

export type Passed =
  /** The row is recorded and the cursor behind it. */
  | { readonly state: 'passed'; readonly range: LeasedRange }
  /** There are rows before `end` too: which of them is refused, a batch up to `upTo` will tell. */
  | { readonly state: 'unclear'; readonly upTo: string }
  /** The range is not what it was. */
  | { readonly state: 'fenced' }

/** May a row of this backfill be gone past? A page of a table holds any number of rows, of which one cannot be told. */
export const mayPass = ({ settings, key }: Walk): boolean =>
  settings.backfill.quarantine !== undefined && key.pages !== true

/**
 * Records the row that was refused and goes past it.
 *
 * @throws `BACKFILL.QUARANTINE_FULL`
 */
export async function passRow(walk: Walk, range: LeasedRange, { end, error }: Refused): Promise<Passed> {
  const { settings, worker, key } = walk
  const { target, backfill, unit, clock, leaseMs } = settings
  const limit = backfill.quarantine?.limit ?? 0
  const session = await worker.get()
  const ask = <T>(answer: Promise<T>): Promise<T> => withinDeadline(answer, leaseMs, clock)
  // The end of a range need not be a row any more, and somebody may have put a row before it.
  const first = await ask(target.backfill.batchEnd(session, backfill, key, range.cursor, end, 1))
  if (first !== end) return { state: 'unclear', upTo: first }
  const row = { key: end, error: rowError(error) }
  const answer = await ask(target.backfill.quarantine(session, range, row, limit, leaseMs))
  if (answer === 'fenced') return { state: 'fenced' }
  if (answer === 'full') {
    const rows = await ask(target.backfill.quarantined(session, unit))
    throw quarantineFull(unit, backfill, { limit, keys: rows.map((one) => one.key), key: end }, error)
  }
  settings.emit({ type: 'row.quarantined', unit, key: end, error: row.error.message })
  return { state: 'passed', range: { ...range, cursor: end } }
}

function rowError(error: unknown): RowError {
  const message = error instanceof Error ? error.message : String(error)
  return { code: sqlState(error), message }
}

/** Drivers have it under one name or the other; `code` beside `sqlState` is a name that the driver gives. */
function sqlState(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  if ('sqlState' in error && typeof error.sqlState === 'string') return error.sqlState
  return 'code' in error && typeof error.code === 'string' ? error.code : null
}

export async function quarantinedRows({ settings, worker }: Walk): Promise<readonly QuarantinedRow[]> {
  return await readAgain(
    settings,
    worker,
    (session) => settings.target.backfill.quarantined(session, settings.unit),
    () => {},
  )
}

/** Takes out of quarantine what is right by now, or not there any more. */
export async function reviewQuarantine(walk: Walk): Promise<void> {
  const { settings, worker, key } = walk
  const { target, unit } = settings
  const comparer = createComparer(settings, key)
  const right: string[] = []
  for (const row of await quarantinedRows(walk)) {
    const wrong = await readAgain(
      settings,
      worker,
      async (session) => {
        try {
          return (await comparer.recheck(session, [row.key])).length > 0
        } catch (error) {
          // What the database refuses to compute for this row it cannot compare either.
          if (target.classify(error) === 'row' || mapThrew(error)) return true
          throw error
        }
      },
      () => {},
    )
    if (!wrong) right.push(row.key)
  }
  if (right.length === 0) return
  await readAgain(
    settings,
    worker,
    (session) => target.backfill.clearQuarantine(session, unit, right),
    () => {},
  )
}

/** Keys that the journal's row of the unit names. */
const SAMPLES = 10

/** What the unit's row says of its quarantine; null: it is empty. */
export function describeQuarantine(rows: readonly QuarantinedRow[]): Readonly<Record<string, unknown>> | null {
  const [first] = rows
  if (first === undefined) return null
  return { rows: rows.length, sampleKeys: rows.slice(0, SAMPLES).map((row) => row.key), error: first.error }
}

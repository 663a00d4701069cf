import type { UnitId } from '../unit.js'
import type { Backend } from './session.js'

/** A slice of the table leased to one worker: of it, the keys in (cursor, upper] are still to be done. */
export interface LeasedRange {
  readonly unit: UnitId
  /** Its number within the unit; says nothing of the order of keys. */
  readonly ordinal: number
  /** 0, then one for each catch-up. */
  readonly pass: number
  /** Where it ends; a worker that splits the range brings it down. */
  readonly upper: string
  /** How far it got; null is nothing yet. */
  readonly cursor: string | null
  readonly rowsDone: number
  /** Fencing number: only the holder of the newest one can move the cursor. */
  readonly epoch: string
}

/** Who takes the rest of a split range, and for how long. */
export interface RangeTaker {
  readonly owner: string
  /** ms */
  readonly leaseMs: number
  /** ms */
  readonly lockTimeout: number
}

export type LeaseAnswer =
  | { readonly state: 'leased'; readonly range: LeasedRange }
  /** Somebody else works on what is left. */
  | { readonly state: 'busy'; readonly owner: string; readonly backend: Backend }
  /** A plain read of all ranges says that they are whole. */
  | { readonly state: 'whole' }

export interface BatchResult {
  /** False: cursor or upper were not what we thought, or the epoch is not ours any more; nothing was changed. */
  readonly moved: boolean
  readonly rows: number
  /** A row that was mapped has been changed since it was read; nothing was changed. */
  readonly stale?: true
  /** At its end somebody was waiting for a row that it holds; may be said where it was another's row. */
  readonly waited?: true
}

/** The sum of all ranges of a unit, whoever worked on them. */
export interface BackfillTotals {
  /** Rows changed. */
  readonly rows: number
  /** Keys passed, changed or not. */
  readonly keys: number
  /** Ranges that are not whole. */
  readonly open: number
  /** The last pass; null where there is no range. */
  readonly pass: number | null
}

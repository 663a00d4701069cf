/** What a counting trigger has seen of writes of a column. */
export interface WritersReading {
  /** False: there is no such column (any more). */
  readonly exists: boolean
  /** Are the triggers there, and enabled? */
  readonly counted: boolean
  /** ISO time of the last write that was counted, by the database's clock; null: none. */
  readonly lastWrite: string | null
  /** Sessions that have written and are still in the table. */
  readonly sessions: number
}

/** Seconds between two rows of one session: a write is known that exactly, and a busy writer costs one row a minute. */
export const WRITE_INTERVAL_SECONDS = 60

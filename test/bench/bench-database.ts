import type { Bounds } from './row.js'

/** A database of the bench's own, whichever server it is on. */
export interface BenchDatabase {
  /** `PostgreSQL 18.4` */
  readonly server: string
  readonly url: string
  /** Rows a second of a backfill over those of one UPDATE. */
  readonly speed: Bounds
  /** Size of the table after a backfill over its size before; absent where old rows are not kept in the table. */
  readonly growth?: Bounds
  /** What live traffic does to one row, by its key, and what speaks to the server for it. */
  readonly traffic: TrafficStatements
  /**
   * Makes the table `users` anew with so many rows, nothing of ours beside it, and gives its size in bytes. UUID keys are
   * random, so that their order is not that in which the rows came.
   */
  fresh(rows: number, key?: Key): Promise<number>
  /** Size of `users` with its indexes, in bytes. */
  size(): Promise<number>
  /** Bytes that the server has written to its log (WAL, binlog) since `fresh`. */
  logged(): Promise<number>
  /** What the backfill does, as one statement. */
  update(): Promise<void>
  close(): Promise<void>
}

export type Key = 'bigint' | 'uuid'

export interface TrafficStatements {
  /** Which of the traffic's drivers it takes. */
  readonly driver: 'postgres' | 'mysql'
  /** Takes the key. */
  readonly read: string
  /** Takes a text and the key. */
  readonly write: string
}

/** The change that the bench makes, in SQL that every server reads. */
export const UPDATE = 'UPDATE users SET email_verified = (verified_at IS NOT NULL) WHERE email_verified IS NULL'

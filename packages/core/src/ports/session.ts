/** One row of a result, values as the driver gives them. */
export type Row = Readonly<Record<string, unknown>>

export interface TransactionOptions {
  /** ms a statement may wait for one lock; 0 is no limit. */
  readonly lockTimeout: number
  /** ms a statement may take; 0 is no limit. */
  readonly statementTimeout: number
}

/** One pinned connection to the target. Never shared between two tasks at once. */
export interface Session {
  /** The server's id of this session, with its start, so that a reused id is not mistaken for it. */
  readonly backend: Backend
  query<R extends Row = Row>(text: string, values?: readonly unknown[]): Promise<readonly R[]>
  /** Runs `work` in a transaction; rolls back on any error and rethrows it. Never nested. */
  transaction<T>(options: TransactionOptions, work: () => Promise<T>): Promise<T>
  /** Runs `work` outside any transaction, each of its statements under these limits. Never nested. */
  limited<T>(options: TransactionOptions, work: () => Promise<T>): Promise<T>
  /** Gives the connection back; never throws. */
  close(): Promise<void>
}

/** `startedAt` is when the session began, or another mark of it: ids alone are used again after a restart. */
export interface Backend {
  readonly id: string
  readonly startedAt: string
}

/** What a database error means for what we do next; classified by SQLSTATE or errno in the dialect. */
export type ErrorKind =
  | 'lock timeout'
  | 'statement timeout'
  | 'cancelled'
  | 'deadlock'
  | 'serialization'
  | 'connection'
  | 'authentication'
  | 'no database'
  | 'permission'
  | 'read only'
  | 'too many connections'
  | 'row'
  /** The server had no room on its disk for what the statement would have written. */
  | 'disk full'
  /** The server has no such way to do it, and did nothing. */
  | 'not supported'
  | 'statement'

/** A session that holds a lock which others wait for. */
export interface LockHolder {
  readonly backend: Backend
  readonly application: string
  readonly user: string
  readonly client: string
  readonly state: string
  /** Seconds its transaction is open. */
  readonly transactionSeconds: number
  readonly query: string
  readonly autovacuum: boolean
}

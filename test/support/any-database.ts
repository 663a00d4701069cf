import type { QueryResultRow } from 'pg'

/** The servers that the product speaks to. */
export type Family = 'postgres' | 'mysql' | 'mariadb'

/** Values are the driver's; on MySQL and MariaDB text where a JavaScript value would lose something. */
export type Row = QueryResultRow

export interface DatabaseTemplate {
  /** A name for what it holds; part of the template database's name together with a hash of `sql`. */
  readonly name: string
  /** Statements that fill it. */
  readonly sql: string
}

/** One connection to a database, whichever server it is on. */
export interface AnyConnection {
  /** The rows of one statement; of several (without values) those of the last on MySQL and MariaDB, none on PostgreSQL. */
  query<R extends Row = Row>(text: string, values?: unknown[]): Promise<R[]>
  close(): Promise<void>
}

/** A database of a test's own, whichever server it is on. */
export interface AnyDatabase {
  readonly family: Family
  readonly name: string
  readonly url: string
  /** Runs one statement (or several without values) on a connection of its own. */
  query<R extends Row = Row>(text: string, values?: unknown[]): Promise<R[]>
  /** A connection that is closed before the database is dropped. */
  open(): Promise<AnyConnection>
  /** Throws if a session that the product opened is still there after a short wait. */
  assertNoSessions(): Promise<void>
  /** Checks for sessions of ours that were left open, then drops the database, whoever is still connected. */
  drop(): Promise<void>
}

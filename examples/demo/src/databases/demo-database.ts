import type { ApplicationPool } from '../application/application-pool.js'
import type { Truth } from '../traffic/truth.js'
import type { ServerStart } from './server-start.js'

export interface RowComparison {
  readonly rows: number
  /** Rows with a wrong value, rows that are missing, rows that nobody made. */
  readonly wrong: number
}

/** What the demo itself asks of the database, beside the application and Phasegate. */
export interface Observer {
  /** `PostgreSQL 18.4` */
  readonly server: string
  /** No table and no schema of anybody's. */
  isEmpty(): Promise<boolean>
  /** Users 1 to `rows`, the same every time. */
  fillUsers(rows: number): Promise<void>
  /** Bytes of the users table with its indexes and all else that belongs to it. */
  tableSize(): Promise<number>
  /** Compares every row of the table with the truth, both ways. */
  compareRows(truth: Truth): Promise<RowComparison>
  /** ms that a statement of the application has waited for a lock by now, the longest; 0 where none waits. */
  longestWait(): Promise<number>
  end(): Promise<void>
}

/** A database that the demo can run on. What differs between them is behind this and nowhere else. */
export interface DemoDatabase {
  /** Starts a server of its own with an empty database. @throws `NoServer` with how to get one */
  readonly start: ServerStart
  /** The pool of one instance of the application. */
  openPool(url: string, instance: string): ApplicationPool
  observe(url: string): Promise<Observer>
}

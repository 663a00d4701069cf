import type { PhasegateError } from '../error/phasegate-error.js'
import type { ClientSessionsSeen } from '../journal/instance-record.js'
import type { BackfillTarget } from './backfill-target.js'
import type { EngineTarget } from './engine-target.js'
import type { Journal } from './journal.js'
import type { Backend, ErrorKind, LockHolder, Session } from './session.js'
import type { StatementUseReading, UsedObject } from './statement-use.js'
import type { WritersReading } from './writers-reading.js'

/**
 * `journal` guards creation and upgrade; the next three are one a lane; `table …` is held while an engine is supervised that
 * works on that table (`tableLock`).
 */
export type LockName = 'journal' | 'expand' | 'backfill' | 'contract' | `table ${string}`

/** The lock of a table, by its names as the catalog holds them. */
export function tableLock({ schema, name }: { readonly schema: string; readonly name: string }): LockName {
  return `table ${schema}.${name}`
}

export interface TableSize {
  readonly table: string
  readonly bytes: number
  readonly rows: number | null
}

/** What `doctor` found in the surroundings of a target. */
export interface Surrounding {
  readonly check: string
  readonly state: 'ok' | 'warning' | 'problem'
  readonly message: string
  readonly next?: string
}

/** One database that migrations are applied to, through its dialect. */
export interface Target {
  /** Name of the dialect that the server really speaks; a `mysql:` URL may lead to MariaDB. */
  readonly dialect: string
  /** The database's name, what `--confirm` wants. */
  readonly database: string
  readonly serverVersion: string
  /** ms that the server counts lock timeouts in; settings are rounded up to it (PostgreSQL 1, MySQL and MariaDB 1000). */
  readonly lockTimeoutUnit: number
  readonly journal: Journal
  readonly backfill: BackfillTarget
  readonly engine: EngineTarget

  /** A connection of our own; `purpose` shows in the server's session list. Coded errors where it cannot be had. */
  openSession(purpose: string): Promise<Session>
  close(): Promise<void>

  classify(error: unknown): ErrorKind
  /** Did the server raise it, or is it the connection to it that failed? Everything else is our own and is left as it is. */
  isDatabaseError(error: unknown): boolean
  /** A coded error for what the database said; `doing` completes "while …". */
  translate(error: unknown, doing: string): PhasegateError

  /** Refuses a read-only standby, a transaction pooler and missing privileges, each with its code. */
  assertUsable(session: Session): Promise<void>

  /** Takes the lock if it is free; never waits inside the server. Held until released or the session ends. */
  tryLock(session: Session, lock: LockName): Promise<boolean>
  unlock(session: Session, lock: LockName): Promise<void>
  lockHolder(session: Session, lock: LockName): Promise<LockHolder | undefined>

  /** Who keeps this backend waiting. */
  blockersOf(session: Session, backend: Backend): Promise<readonly LockHolder[]>
  /** Transactions that hold locks on `tables` which a lock of `mode` would have to wait for. */
  holdersOf(session: Session, tables: readonly string[], mode: string): Promise<readonly LockHolder[]>
  /** ms after which a background job of the server gives way to a waiting lock (PostgreSQL: autovacuum); 0: never. */
  yieldTime(session: Session): Promise<number>
  isAlive(session: Session, backend: Backend): Promise<boolean>
  cancelStatement(session: Session, backend: Backend): Promise<void>
  terminate(session: Session, backend: Backend): Promise<void>

  /** Who is connected to this database, by role and address; sessions of Phasegate, wherever it runs, are left out. */
  clientSessions(session: Session): Promise<ClientSessionsSeen>

  /** The text of a step with `fromCatalog` as it runs. Throws `STEP.CONFLICT` where the catalog has not what it needs. */
  completeStatement(session: Session, statement: string): Promise<string>

  /** What the server's statement statistics say of a table or column. Reads no table of anybody's. */
  statementUse(session: Session, object: UsedObject): Promise<StatementUseReading>

  /** What the triggers of `countWriters` have counted of a column. */
  writersOf(session: Session, object: UsedObject): Promise<WritersReading>

  tableSizes(session: Session, tables: readonly string[]): Promise<readonly TableSize[]>
  /** Of these tables and columns, those that do not exist. */
  missingTables(session: Session, tables: readonly string[]): Promise<readonly string[]>
  /** What a person should know before the next run: leftovers, old transactions, grants. Reads only. */
  inspectSurroundings(session: Session, appRoles: readonly string[]): Promise<readonly Surrounding[]>
  /** Empties a disposable database: every object of the schemas in the search path, and the journal. */
  reset(session: Session): Promise<void>
}

import type { QualifiedName } from '../compiled/database-object.js'
import type { EngineProgress } from '../engine/engine-progress.js'
import type { Leftovers } from '../engine/engine-run.js'
import type { EngineName } from '../engine/engine-task.js'
import type { LockHolder, Session, TransactionOptions } from './session.js'

/** How a tool reaches the database. Holds the password: only ever written to a file of mode 0600. */
export interface EngineConnection {
  readonly host: string
  readonly port: number
  /** Path of a Unix socket, which then counts instead of host and port (PostgreSQL: its directory). */
  readonly socket?: string
  readonly user: string
  readonly password: string
  readonly database: string
  /** Absent: no TLS. */
  readonly tls?: {
    /** `encrypt`: any certificate; `verify`: certificate and name. */
    readonly mode: 'encrypt' | 'verify'
    /** PEM texts. The authorities are there where something is verified. */
    readonly ca?: string
    readonly cert?: string
    readonly key?: string
  }
}

/** A table as an engine's preflight wants to know it. Names as the catalog holds them. */
export interface EngineTable {
  readonly schema: string
  readonly name: string
  /** The server's own mark of it: another one after it was written anew or swapped. */
  readonly identity: string
  /** Estimated; null where the server does not know. */
  readonly rows: number | null
  /** With its indexes. */
  readonly bytes: number
  /** Of these, its indexes; only where the server tells them apart. */
  readonly indexBytes?: number
  /** `InnoDB`; on PostgreSQL `heap`, `partitioned`, `unlogged`, `temporary`. */
  readonly storage: string
  readonly partitioned: boolean
  readonly columns: readonly string[]
  /** Unique keys that walk the table: every column NOT NULL, whole, valid. The primary one first. */
  readonly keys: readonly {
    readonly name: string
    readonly columns: readonly string[]
    readonly primary: boolean
    /** Every column is a whole number; only where the server is asked. */
    readonly wholeNumbers?: boolean
  }[]
  /** Foreign keys of this table. */
  readonly references: readonly { readonly constraint: string; readonly table: string }[]
  /** Foreign keys of other tables that point at this one. */
  readonly referencedBy: readonly {
    readonly constraint: string
    readonly table: string
    readonly rows: number | null
  }[]
  /** `sync`: made by a sync of ours. */
  readonly triggers: readonly { readonly name: string; readonly sync: boolean }[]
}

/** What an engine needs of the server and of the account; the dialect knows how to look. */
export type EngineRequirement =
  | 'InnoDB table'
  | 'binary log of full rows'
  | 'may read the binary log'
  /** Sees who holds a lock on a table: gh-ost swaps only when it has seen that. */
  | 'metadata locks shown'
  | 'may create triggers'
  | 'may copy the table'
  | 'may swap the table'
  | 'superuser'
  /** Owner of the table, with the rights that the extension of `pg_repack` wants. */
  | 'may write the table anew'
  | 'no publication of all tables'
  | 'no invalid index'

/**
 * `explain format`: what EXPLAIN gives is a setting, which tools that read it must set. `no old words`: statements about
 * replication are known by their newer names alone (MySQL 8.4 Release Notes, "Removed Features"). `no transaction_isolation`:
 * that variable has another name (MariaDB before 11.1).
 * `defaults spelled out`: SHOW CREATE TABLE says the default of each column, also where none was given, so that a tool does not
 * know a table of its own by its text (MariaDB).
 */
export type EngineQuirk = 'explain format' | 'no old words' | 'no transaction_isolation' | 'defaults spelled out'

/** What the server's own views show of a tool that says nothing itself. */
export interface EngineSeen {
  readonly state: EngineProgress['state']
  /** Rows copied, estimated by bytes; null where it cannot be told. */
  readonly done: number | null
  /** Whom it waits for; null where it works. */
  readonly waitsFor: string | null
}

/** The binary log of a server, as a tool must know it that reads it like a replica. */
export interface BinaryLog {
  /** Ids in use: its own, and those of who reads from it. */
  readonly ids: readonly number[]
  /** Whom it replicates from itself, for a person; null: nobody. */
  readonly source: string | null
}

/** What a kind of database gives engines, and does for them. Everything that is said in SQL is here. */
export interface EngineTarget {
  /** Engines that work on it. */
  readonly engines: readonly EngineName[]
  /** As the server says it itself, for messages. */
  readonly serverVersion?: string
  /** What tools must heed of this server. */
  readonly quirks?: readonly EngineQuirk[]
  /** Asked for each run: a password may be a token that expires. */
  connection(): Promise<EngineConnection>
  /** Undefined: there is no such table. */
  inspect(session: Session, table: QualifiedName): Promise<EngineTable | undefined>
  /** Of these requirements, what is not met: each a sentence that says what is there, what is wanted and how to change it. */
  unmet(session: Session, table: EngineTable, requirements: readonly EngineRequirement[]): Promise<readonly string[]>
  /** Fresh statistics: an engine's progress is counted by them. */
  refreshStatistics(session: Session, table: EngineTable): Promise<void>
  /** Bytes free where the server keeps its data; null where it cannot be told (it never is over the wire on MySQL). */
  freeBytes(session: Session): Promise<number | null>
  /** Version of an extension of the server that an engine needs (`pg_repack`); undefined: it is not installed. */
  extensionVersion(session: Session, extension: string): Promise<string | undefined>
  /** What an engine will feel although it may start: transactions that it waits for, slots that decode what it writes. */
  remarks?(session: Session, table: EngineTable): Promise<readonly string[]>
  /** Settings of the account by which the server would end a session of a tool while it works; 0 takes each off. */
  limitsOfAccount?(session: Session): Promise<readonly string[]>
  /** What is to be seen of a tool at work on this table; undefined: nothing. Only where an engine does not say it itself. */
  watch?(session: Session, table: EngineTable): Promise<EngineSeen | undefined>
  /** Only where there is one. */
  binaryLog?(session: Session): Promise<BinaryLog>
  /** Of these names, those that are there. */
  existing(session: Session, table: Pick<EngineTable, 'schema' | 'name'>, names: Leftovers): Promise<Leftovers>
  /** Sessions of others that work on one of these tables right now: the tool's, where these are its own. */
  sessionsOn(session: Session, schema: string, tables: readonly string[]): Promise<readonly LockHolder[]>
  /**
   * Removes what an engine left, so that no write of anybody fails or is lost at any moment: triggers first, then tables, and
   * so that a tool that still runs cannot swap in between. What is not there is left alone. Under the limits given.
   */
  removeLeftovers(
    session: Session,
    table: Pick<EngineTable, 'schema' | 'name'>,
    names: Leftovers,
    limits: TransactionOptions,
  ): Promise<void>
  /** Ends the sessions of `sessionsOn`, and returns when they are gone. @throws `ENGINE.STILL_RUNS` */
  endSessionsOn?(
    session: Session,
    table: Pick<EngineTable, 'schema' | 'name'>,
    tables: readonly string[],
  ): Promise<void>
  /** Every row of a small table that an engine keeps notes in, in the order of its first column, values as text. */
  readNotes?(
    session: Session,
    schema: string,
    table: string,
  ): Promise<readonly Readonly<Record<string, string | null>>[]>
  /**
   * Deletes from a copy the rows whose `column`, its key, is above a number, few at a time, so that writers hardly wait; rows that
   * writers bring there meanwhile may stay.
   */
  deleteAbove?(
    session: Session,
    copy: Pick<EngineTable, 'schema' | 'name'>,
    column: string,
    above: bigint,
    limits: TransactionOptions,
    signal: AbortSignal,
  ): Promise<void>
  /** Rows of each of these tables of one schema, exactly and as of one moment; only where an engine leaves its swap to us. */
  countRows?(session: Session, schema: string, tables: readonly string[]): Promise<readonly number[]>
  /** Puts `copy` in the table's place in one step; the table is then called `old`. Both in the table's schema. */
  swap(
    session: Session,
    table: Pick<EngineTable, 'schema' | 'name'>,
    names: { readonly copy: string; readonly old: string },
    limits: TransactionOptions,
  ): Promise<void>
}

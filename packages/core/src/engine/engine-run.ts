import type { EngineName } from './engine-task.js'

/** A process of an operating system. `startedAt` is a mark of its start, since ids are used again. */
export interface ToolProcess {
  readonly pid: number
  readonly startedAt: string
}

/** What an engine leaves in the database while it works and after it was killed. Names as the catalog holds them. */
export interface Leftovers {
  readonly triggers: readonly string[]
  /**
   * Tables of its own: the copy, its log, the old table. In the table's schema, or with their own: `repack.log_16455`. A
   * row type that stands alone counts as one. In the order in which they are removed.
   */
  readonly tables: readonly string[]
}

/**
 * One run of an engine, as the journal keeps it with its step, so that whoever comes next knows what is there: never a
 * credential.
 */
export interface EngineRun {
  readonly engine: EngineName
  /** Version of the tool. */
  readonly version: string
  /** Schema (MySQL: database) and name of the table as the catalog holds them. */
  readonly schema: string
  readonly table: string
  /** The server's own mark of the table as it was before: another one after a swap. */
  readonly identity: string
  /** What a run of it may leave, by name, whether it is there by now or not. */
  readonly leftovers: Leftovers
  /** Name of the machine that the tool runs on. */
  readonly host: string
  /** Where its files are on that machine: credentials, socket, flags, output. */
  readonly directory: string
  /** Null: about to be started, or its work is done. */
  readonly process: ToolProcess | null
  /**
   * `copying`; `held`: copied and kept equal, its cut-over waits for us; `cutting over`: released, or we are swapping.
   */
  readonly state: 'copying' | 'held' | 'cutting over'
  /** ISO, by the clock of its machine. */
  readonly startedAt: string
}

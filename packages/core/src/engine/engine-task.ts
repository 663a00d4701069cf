import type { QualifiedName } from '../compiled/database-object.js'

/** The tools that copy a table beside traffic. `native`, the server itself, is who executes everything else. */
export const ENGINES = ['gh-ost', 'pt-osc', 'pg_repack'] as const

export type EngineName = (typeof ENGINES)[number]

/** What an author may ask for: `auto` leaves it to sizes and to what the server can do. */
export type WantedEngine = 'auto' | 'native' | EngineName

/**
 * What of a change may be more than an engine can do without losing something; read from the statement by the dialect.
 * `adds unique key`: rows that break it would be left out of the copy. `renames column`: an engine that matches columns by
 * name would lose its values. `sets not null`: a row that holds NULL would be changed without a word.
 */
export type TaskTrait =
  | 'adds unique key'
  | 'adds foreign key'
  | 'drops foreign key'
  | 'changes primary key'
  | 'changes partitions'
  | 'renames column'
  | 'renames table'
  | 'sets not null'

/** What is to be done to one table, as an engine needs to know it. */
export interface EngineTask {
  readonly table: QualifiedName
  /** The clauses of the ALTER TABLE, without ALGORITHM and LOCK; empty: the table is written anew as it is. */
  readonly alter: string
  readonly traits: readonly TaskTrait[]
  readonly wanted: WantedEngine
  /**
   * How the server itself would do it at best: `instant`, `in place` (beside traffic, but the table or an index is built),
   * `copy` (writers wait for as long as it takes), `never`.
   */
  readonly native: 'instant' | 'in place' | 'copy' | 'never'
  /**
   * Statements that the server refuses where it would have to copy: `instantly` is tried first whatever the size, `inPlace`
   * only on a table that is not large. Absent where the file alone says how the server does it.
   */
  readonly instantly?: string
  readonly inPlace?: string
  /** Query that gives `done` where the change is there; absent: only the table's mark tells. */
  readonly probe?: string
}

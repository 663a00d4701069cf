import type { DatabaseObject } from './database-object.js'

/** One thing that a statement does to one object. An ALTER TABLE of several clauses has several. */
export interface Change {
  readonly action: 'create' | 'drop' | 'rename' | 'alter' | 'validate' | 'write' | 'read'
  readonly object: DatabaseObject
  /** In a few words, as the rules and the plan print it: `set not null`, `create index`. */
  readonly what: string
  /** Takes away data or a shape that the old code may still use (drop, rename, narrowing type, truncate). */
  readonly destroys: boolean
  /** Rejects writes that the old code may still make (NOT NULL, CHECK, UNIQUE, foreign key, dropped default). */
  readonly tightens: boolean
  /** The table was created earlier in this same file, so nobody waits for it and nobody uses it yet. */
  readonly onNew: boolean
  /** The column that this change concerns was created earlier in this same file. */
  readonly onNewColumn?: boolean
  /** CREATE/DROP/REINDEX … CONCURRENTLY. */
  readonly concurrently?: boolean
  /**
   * For the creation of a CHECK constraint: the column that is not null in every row that passes it (`c IS NOT NULL`, or
   * that as a part of an AND). Once it is validated, SET NOT NULL does not scan.
   */
  readonly provesNotNull?: string
}

/** What the strongest lock of a statement is and how long it may be held. */
export interface LockFacts {
  /** In the server's words: `ACCESS EXCLUSIVE`. */
  readonly mode: string
  readonly tables: readonly string[]
  /** Whom it keeps waiting while it is held. */
  readonly blocks: 'reads and writes' | 'writes' | 'nothing'
  /**
   * It takes a stronger lock for an instant when it begins and when it ends, which waits behind older transactions for no
   * longer than the lock timeout, and these wait behind it (MySQL: the metadata lock of an online ALTER).
   */
  readonly atEnds?: 'reads and writes'
  /** `instant`: catalog only; `scan`: reads the table; `rewrite`: writes it anew; `build`: builds an index. */
  readonly duration: 'instant' | 'scan' | 'rewrite' | 'build'
}

/** What the dialect read from a parsed statement; safety rules, planner and runner decide by nothing else. */
export interface StatementFacts {
  readonly changes: readonly Change[]
  readonly lock: LockFacts
  /** May it run inside a transaction at all? */
  readonly transactional: boolean
}

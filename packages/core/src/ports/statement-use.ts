/** A table or one of its columns, as a migration names it. Without a schema it is what the session finds under that name. */
export interface UsedObject {
  readonly schema?: string
  readonly table: string
  /** Absent: the table itself. */
  readonly column?: string
}

/**
 * A kind of statement that the server has seen, that may use the object, and how often it has run since it was first seen.
 * DDL and maintenance are no use.
 */
export interface StatementUse {
  /** The server's id of it. */
  readonly id: string
  readonly calls: string
  /** As the server keeps it, with marks for the values. */
  readonly text: string
  /** False: it cannot be told whether it uses the object, for the reason given. */
  readonly readable: true | string
}

/**
 * A value that stays the same as long as the statistics miss nothing. Where it changes, what ran in between is not known.
 */
export interface CoverageMark {
  readonly name: string
  readonly value: string
  /** What it means when it changes: `the statistics were reset`. */
  readonly changed: string
}

/** Why the server's statistics prove nothing, and what helps. */
export interface CoverageProblem {
  readonly reason: string
  readonly next: string
}

/** What a server's statement statistics say of one object, now. Statements of Phasegate itself are left out. */
export interface StatementUseReading {
  /** False: there is no such table or column (any more), and the rest says nothing. */
  readonly exists: boolean
  /** Where there is any, the rest says nothing. */
  readonly problems: readonly CoverageProblem[]
  readonly marks: readonly CoverageMark[]
  readonly uses: readonly StatementUse[]
  /** Views, functions, triggers and the like whose definition reads the object, but for Phasegate's own: `view active_users`. */
  readonly dependents: readonly string[]
  /** Replicas that are attached: what they are asked stands in no statistics here. */
  readonly replicas: number
}

/** `billing.invoice.total`, for messages and as a key. */
export function usedName({ schema, table, column }: UsedObject): string {
  return [schema, table, column].filter((part) => part !== undefined).join('.')
}

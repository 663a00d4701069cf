/** A database of the bench's own, whichever server it is on. */
export interface BenchDatabase {
  /** `PostgreSQL 18.4` */
  readonly server: string
  /** The package that connects to it, and the name of its connecting function. */
  readonly dialect: { readonly package: string; readonly connect: string }
  readonly url: string
  /** Makes the table `users` anew with so many rows, nothing of ours beside it, and gives its size in bytes. */
  fresh(rows: number): Promise<number>
  /** Size of `users` with its indexes, in bytes. */
  size(): Promise<number>
  /** What the backfill does, as one statement. */
  update(): Promise<void>
  close(): Promise<void>
}

/** The change that the bench makes, in SQL that every server reads. */
export const CHANGE = {
  column: 'email_verified',
  expression: 'verified_at IS NOT NULL',
  where: 'email_verified IS NULL',
} as const

export const UPDATE = `UPDATE users SET ${CHANGE.column} = (${CHANGE.expression}) WHERE ${CHANGE.where}`

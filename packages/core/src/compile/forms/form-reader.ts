import type { Quoting } from '../../authoring/sql.js'
import type { PhasegateError } from '../../error/phasegate-error.js'
import type { AuthoredBackfill } from '../authored-migration.js'

/** How one form of a backfill is read from a TypeScript migration. */
export interface FormReader {
  /** Options of this form alone, beside those that all of them take. */
  readonly options: readonly string[]
  /** Common options that have no meaning here, each with the reason. */
  readonly refuses?: Readonly<Record<string, string>>
  read(definition: Readonly<Record<string, unknown>>, source: FormSource): ReadForm
}

export interface FormSource {
  readonly file: string
  readonly quoting: Quoting
  /** The condition as SQL text, where there is one. */
  readonly where: string | undefined
  /** `BACKFILL.SHAPE`. */
  shape(message: string, next: string): PhasegateError
}

/** What is particular to a form. */
export type ReadForm = Pick<AuthoredBackfill, 'table' | 'form' | 'set' | 'written'>

/** ` WHERE …`, or nothing. */
export const whereClause = (where: string | undefined): string => (where === undefined ? '' : ` WHERE ${where}`)

import { isSqlFragment, renderSql } from '@phasegate/core'
import { postgresQuoting } from '../quoting.js'

/** One column and the SQL text of what it becomes. */
export interface ColumnExpression {
  readonly column: string
  readonly expression: string
}

/** `{ column: sql`…` }` as a list of at least one; undefined where it has another shape. */
export function readExpressions(value: unknown): readonly ColumnExpression[] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isSqlFragment(value)) return undefined
  const entries = Object.entries(value)
  if (entries.length === 0 || !entries.every(([, fragment]) => isSqlFragment(fragment))) return undefined
  return entries.map(([column, fragment]) => ({ column, expression: renderSql(fragment, postgresQuoting).trim() }))
}

/** The first key of an object that is not among the known ones. */
export function unknownKey(value: object, known: readonly string[]): string | undefined {
  return Object.keys(value).find((key) => !known.includes(key))
}

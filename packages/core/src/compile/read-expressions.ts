import { isSqlFragment, type Quoting, renderSql } from '../authoring/sql.js'
import type { Assignment } from '../ports/sql-language.js'

/** `{ column: sql`…` }` as a list of at least one; undefined where it has another shape. */
export function readExpressions(value: unknown, quoting: Quoting): readonly Assignment[] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isSqlFragment(value)) return undefined
  const entries = Object.entries(value)
  if (entries.length === 0 || !entries.every(([, fragment]) => isSqlFragment(fragment))) return undefined
  return entries.map(([column, fragment]) => ({ column, expression: renderSql(fragment, quoting).trim() }))
}

/** The first key of an object that is not among the known ones. */
export function unknownKey(value: object, known: readonly string[]): string | undefined {
  return Object.keys(value).find((key) => !known.includes(key))
}

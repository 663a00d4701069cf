import type { BackfillKey, CompiledBackfill } from '@phasegate/core'
import { escapeIdentifier } from 'pg'

// How keys travel: one column as its text, several as a JSON array of their texts.

/** A column qualified by its table, never by an alias: the author's expressions may say `users.email`. */
export function columnName(backfill: CompiledBackfill, column: string): string {
  return `${escapeIdentifier(backfill.table.name)}.${escapeIdentifier(column)}`
}

/** The columns of the key, qualified, in its order. */
export function keyColumns(backfill: CompiledBackfill, key: BackfillKey): readonly string[] {
  return key.columns.map(({ name }) => columnName(backfill, name))
}

/** One value as it is, several as a row. */
export const asRow = (values: readonly string[]): string =>
  values.length === 1 ? values[0]! : `(${values.join(', ')})`

/** The text of a key whose values these are. */
export function keyText(values: readonly string[]): string {
  const texts = values.map((value) => `${value}::text`)
  return texts.length === 1 ? texts[0]! : `json_build_array(${texts.join(', ')})::text`
}

/** The values that such a text holds, cast back to the types of the columns. */
export function keyValues(text: string, key: BackfillKey): readonly string[] {
  if (key.columns.length === 1) return [`${text}::${key.columns[0]!.type}`]
  return key.columns.map(({ type }, position) => `(${text}::json ->> ${position})::${type}`)
}

/** In how many of their first columns two keys have the same text, and so the same value; at most all but the last. */
export function commonColumns(key: BackfillKey, one: string | null, other: string): number {
  if (one === null || key.columns.length === 1) return 0
  const [ones, others] = [one, other].map((text) => JSON.parse(text) as readonly string[])
  const differing = key.columns.findIndex((_, position) => ones?.[position] !== others?.[position])
  return Math.min(differing === -1 ? key.columns.length : differing, key.columns.length - 1)
}

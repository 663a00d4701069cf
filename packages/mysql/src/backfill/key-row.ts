import type { BackfillKey } from '@phasegate/core'
import { keyForm } from './key-form.js'

// Keys of several columns: how they travel, and how they are compared so that the server reads a range of their index.

/** The text of a key whose values these expressions are: one as `keyForm` has it, several as a JSON array of those. */
export function keyText(key: BackfillKey, values: readonly string[]): string {
  const texts = values.map((value, position) => keyForm(key.columns[position]!.type).text(value))
  return texts.length === 1 ? texts[0]! : `CAST(JSON_ARRAY(${texts.join(', ')}) AS CHAR)`
}

/** The values that such a text holds, as literals. */
export function keyLiterals(key: BackfillKey, text: string): readonly string[] {
  const texts: unknown = key.columns.length === 1 ? [text] : JSON.parse(text)
  if (!Array.isArray(texts) || texts.length !== key.columns.length)
    throw new Error(`not a key of ${key.columns.length} columns: ${text}`)
  return texts.map((one, position) => keyForm(key.columns[position]!.type).literal(String(one)))
}

type Comparison = '>' | '<' | '<=' | '='

/**
 * Compares rows column by column, `(a > 1 OR a = 1 AND (b > 2))`: a row constructor is looked up in an index for `=` alone
 * (MySQL Reference Manual, "Range Optimization of Row Constructor Expressions"; gh-ost issue 1669).
 */
export function compareRow(columns: readonly string[], comparison: Comparison, values: readonly string[]): string {
  const [column, ...others] = columns
  const [value, ...rest] = values
  if (others.length === 0) return `${column} ${comparison} ${value}`
  const inner = compareRow(others, comparison, rest)
  if (comparison === '=') return `${column} = ${value} AND ${inner}`
  return `(${column} ${comparison === '>' ? '>' : '<'} ${value} OR (${column} = ${value} AND ${inner}))`
}

/**
 * Rows beyond `low` and up to or before `high`. Columns in which the two are the same text are compared once, by `=`: a
 * batch is then one range of what follows, also where one value has most of the rows.
 */
export function betweenRows(
  columns: readonly string[],
  low: readonly string[],
  high: readonly string[],
  upTo: '<' | '<=',
): string {
  const differing = columns.findIndex((_, position) => low[position] !== high[position])
  const common = Math.min(differing === -1 ? columns.length : differing, columns.length - 1)
  const equal = columns.slice(0, common).map((column, position) => `${column} = ${low[position]}`)
  const rest = columns.slice(common)
  return [...equal, compareRow(rest, '>', low.slice(common)), compareRow(rest, upTo, high.slice(common))].join(' AND ')
}

/** What the columns of a key are called in what our queries give. */
export const keyNames = (key: BackfillKey): readonly string[] =>
  key.columns.map((_, position) => `phasegate_key${position}`)

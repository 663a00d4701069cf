import { type BackfillKey, type Compared, type CompiledBackfill, proofOf } from '@phasegate/core'
import { quoteName } from '../quoting.js'
import {
  among,
  byKey,
  columnName,
  type KeyRange,
  keyColumns,
  selected,
  tableName,
  within,
} from './backfill-statements.js'
import type { ComparedColumn } from './compared-columns.js'
import { notCopiedSql } from './copy-statements.js'
import { keyNames, keyText } from './key-row.js'

const namedKeys = (backfill: CompiledBackfill, key: BackfillKey): string =>
  keyColumns(backfill, key)
    .map((column, position) => `${column} AS ${keyNames(key)[position]}`)
    .join(', ')

/**
 * Keys, in order, of rows of which `rows` selects those that `where` selects too and that differ from their expressions.
 *
 * What an assignment would store is known to no CAST (rounding, padding, character set, enum). But the columns of a
 * recursive CTE have the types of its first part, and what comes later is stored into them as into a table (MySQL Reference
 * Manual, "Recursive Common Table Expressions"; MariaDB documentation, "Recursive Common Table Expressions Overview", "CAST
 * to avoid truncating data"; measured on MySQL 9.7.4 and MariaDB 10.11.19). So the first part is a row of nothing in the
 * columns' own types, and the second, which only that row lets run, the rows. (MariaDB reads a whole table that it joins
 * on FALSE.)
 */
function differingSql(
  backfill: CompiledBackfill,
  key: BackfillKey,
  columns: readonly ComparedColumn[],
  rows: string,
): string {
  const keys = keyColumns(backfill, key)
  const [first] = keyNames(key)
  const actual = backfill.set.map((assignment) => columnName(backfill, assignment.column))
  const names = backfill.set.flatMap((_, index) => [`phasegate_actual${index}`, `phasegate_wanted${index}`])
  const differs = columns.map(({ bytes }, index) => {
    const sides = [`phasegate_actual${index}`, `phasegate_wanted${index}`]
    return `NOT (${sides.map((side) => (bytes ? `CAST(${side} AS BINARY)` : side)).join(' <=> ')})`
  })
  return `WITH RECURSIVE phasegate_compared (${[...keyNames(key), ...names].join(', ')}) AS (
  SELECT ${[...keys, ...actual.flatMap((one) => [one, one])].join(', ')}
  FROM (SELECT 1) AS phasegate_one LEFT JOIN (SELECT ${[...keys, ...actual].join(', ')} FROM ${tableName(backfill)} LIMIT 0) AS ${quoteName(backfill.table.name)} ON TRUE
  UNION ALL
  SELECT ${[...keys, ...backfill.set.flatMap(({ expression }, index) => [actual[index], `(${expression}\n)`])].join(', ')}
  FROM phasegate_compared STRAIGHT_JOIN ${byKey(backfill, key)} ON phasegate_compared.${first} IS NULL
  WHERE ${rows} AND ${selected(backfill)}
)
SELECT ${keyNames(key).join(', ')} FROM phasegate_compared WHERE ${first} IS NOT NULL AND (${differs.join(' OR ')})`
}

function missingSql(backfill: CompiledBackfill, key: BackfillKey, rows: string): string {
  const lacks = backfill.set.map(
    ({ column, expression }) => `${columnName(backfill, column)} IS NULL AND (${expression}\n) IS NOT NULL`,
  )
  return `SELECT ${namedKeys(backfill, key)} FROM ${byKey(backfill, key)}
WHERE ${rows} AND ${selected(backfill)} AND (${lacks.join(' OR ')})`
}

/** Rows that should not be there any more. */
function selectedSql(backfill: CompiledBackfill, key: BackfillKey, rows: string): string {
  return `SELECT ${namedKeys(backfill, key)} FROM ${byKey(backfill, key)}
WHERE ${rows} AND ${selected(backfill)}`
}

/** Texts of the keys of a query that gives them as they are, in key order. */
const keyTexts = (key: BackfillKey, query: string, limit: string): string =>
  `SELECT ${keyText(key, keyNames(key))} AS phasegate_text FROM (
${query}
) AS phasegate_found ORDER BY ${keyNames(key).join(', ')}${limit}`

export interface MismatchQuestion {
  readonly columns: readonly ComparedColumn[]
  readonly compared: Compared
}

function mismatching(
  backfill: CompiledBackfill,
  key: BackfillKey,
  { columns, compared }: MismatchQuestion,
  rows: string,
): string {
  if (proofOf(backfill) === 'none selected') return selectedSql(backfill, key, rows)
  const { form } = backfill
  if (form?.kind === 'copy') {
    const values = compared === 'differs' && form.onConflict.do === 'update'
    return notCopiedSql({ backfill, form, key, columns }, rows, values)
  }
  return compared === 'missing' ? missingSql(backfill, key, rows) : differingSql(backfill, key, columns, rows)
}

export function mismatchesSql(
  backfill: CompiledBackfill,
  key: BackfillKey,
  question: MismatchQuestion,
  range: KeyRange,
  limit: number,
  /** Keys of rows that count as right. */
  except: readonly string[] = [],
): string {
  const rows = within(backfill, key, range)
  const counted = except.length === 0 ? rows : `${rows} AND NOT (${among(backfill, key, except)})`
  return keyTexts(key, mismatching(backfill, key, question, counted), ` LIMIT ${limit}`)
}

export function recheckSql(
  backfill: CompiledBackfill,
  key: BackfillKey,
  question: MismatchQuestion,
  keys: readonly string[],
): string {
  return keyTexts(key, mismatching(backfill, key, question, among(backfill, key, keys)), '')
}

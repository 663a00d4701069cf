import type { BackfillKey, CompiledBackfill } from '@phasegate/core'
import { mysqlQuoting, quoteName } from '../quoting.js'
import { keyForm } from './key-form.js'

// The author's expressions stand in these statements, and a driver would take a ? in them for a value: so all values are
// literals. A line break ends a trailing `--` comment of the author's.

/** `` billing.`order` `` */
export function tableName(backfill: CompiledBackfill): string {
  const { schema, name } = backfill.table
  return mysqlQuoting.identifier(schema === undefined ? [name] : [schema, name])
}

/** A column qualified by its table, never by an alias: the author's expressions may say `users.email`. */
export function columnName(backfill: CompiledBackfill, column: string): string {
  return mysqlQuoting.identifier([backfill.table.name, column])
}

/** The table by the key's index alone, whatever else the author's condition could be looked up in. */
export const byKey = (backfill: CompiledBackfill, key: BackfillKey): string =>
  `${tableName(backfill)} FORCE INDEX (${quoteName(key.index)})`

/** Keys in (after, upTo]; null is no bound on that side. */
export interface KeyRange {
  readonly after: string | null
  readonly upTo: string | null
}

export function within(backfill: CompiledBackfill, key: BackfillKey, { after, upTo }: KeyRange): string {
  return bounds(backfill, key, [
    ['>', after],
    ['<=', upTo],
  ])
}

/**
 * The same range in two: all before its last key, and that key. A scan that locks rows reads and locks the one behind its
 * range too, which may be somebody's; looking up one key of a unique index does not (measured on MySQL 9.7.4 and MariaDB
 * 10.11.19).
 */
export function toBeLocked(backfill: CompiledBackfill, key: BackfillKey, { after, upTo }: KeyRange): readonly string[] {
  const before = bounds(backfill, key, [
    ['>', after],
    ['<', upTo],
  ])
  return upTo === null ? [before] : [before, bounds(backfill, key, [['=', upTo]])]
}

function bounds(
  backfill: CompiledBackfill,
  key: BackfillKey,
  limits: readonly (readonly [operator: string, key: string | null])[],
): string {
  const column = columnName(backfill, key.column)
  const { literal } = keyForm(key.type)
  const conditions = limits.flatMap(([operator, limit]) =>
    limit === null ? [] : [`${column} ${operator} ${literal(limit)}`],
  )
  return conditions.length === 0 ? 'TRUE' : conditions.join(' AND ')
}

export function among(backfill: CompiledBackfill, key: BackfillKey, keys: readonly string[]): string {
  return `${columnName(backfill, key.column)} IN (${keys.map(keyForm(key.type).literal).join(', ')})`
}

export const selected = ({ where }: CompiledBackfill): string => (where === undefined ? 'TRUE' : `(${where}\n)`)

export function greatestKeySql(backfill: CompiledBackfill, key: BackfillKey): string {
  const column = columnName(backfill, key.column)
  return `SELECT ${keyForm(key.type).text(column)} AS phasegate_key FROM ${byKey(backfill, key)}
ORDER BY ${column} DESC LIMIT 1`
}

/** The `size`th key of the range. */
export function batchEndSql(backfill: CompiledBackfill, key: BackfillKey, range: KeyRange, size: number): string {
  const column = columnName(backfill, key.column)
  return `SELECT ${keyForm(key.type).text(column)} AS phasegate_key FROM ${byKey(backfill, key)}
WHERE ${within(backfill, key, range)} ORDER BY ${column} LIMIT 1 OFFSET ${size - 1}`
}

export function countSql(backfill: CompiledBackfill, key: BackfillKey, range: KeyRange): string {
  return `SELECT COUNT(*) AS \`rows\` FROM ${byKey(backfill, key)} WHERE ${within(backfill, key, range)}`
}

const selectedKeys = (backfill: CompiledBackfill, key: BackfillKey, rows: string): string =>
  `SELECT ${keyForm(key.type).text(columnName(backfill, key.column))} AS phasegate_text FROM ${byKey(backfill, key)}
WHERE ${rows} AND ${selected(backfill)}`

/** Texts of the keys that `where` selects. */
export function selectedKeysSql(backfill: CompiledBackfill, key: BackfillKey, range: KeyRange): string {
  return selectedKeys(backfill, key, within(backfill, key, range))
}

/** The same, each statement of which locks its rows or fails at once. */
export function lockKeysSql(backfill: CompiledBackfill, key: BackfillKey, range: KeyRange): readonly string[] {
  return toBeLocked(backfill, key, range).map((rows) => `${selectedKeys(backfill, key, rows)} FOR UPDATE NOWAIT`)
}

/** Waits for the first row of the range, and for no other: who holds it can be seen meanwhile. */
export function firstRowSql(backfill: CompiledBackfill, key: BackfillKey, range: KeyRange): string {
  return `${selectedKeys(backfill, key, within(backfill, key, range))}
ORDER BY ${columnName(backfill, key.column)} LIMIT 1 FOR UPDATE`
}

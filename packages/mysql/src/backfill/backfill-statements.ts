import type { BackfillKey, CompiledBackfill } from '@phasegate/core'
import { mysqlQuoting, quoteName } from '../quoting.js'
import { betweenRows, compareRow, keyLiterals, keyText } from './key-row.js'

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

/** The columns of the key, qualified, in its order. */
export const keyColumns = (backfill: CompiledBackfill, key: BackfillKey): readonly string[] =>
  key.columns.map(({ name }) => columnName(backfill, name))

export function within(backfill: CompiledBackfill, key: BackfillKey, range: KeyRange): string {
  return bounds(backfill, key, range, '<=')
}

/**
 * The same range in two: all before its last key, and that key. A scan that locks rows reads and locks the one behind its
 * range too, which may be somebody's; looking up one key of a unique index does not (measured on MySQL 9.7.4 and MariaDB
 * 10.11.19).
 */
export function toBeLocked(backfill: CompiledBackfill, key: BackfillKey, range: KeyRange): readonly string[] {
  const before = bounds(backfill, key, range, '<')
  return range.upTo === null ? [before] : [before, equals(backfill, key, range.upTo)]
}

function bounds(backfill: CompiledBackfill, key: BackfillKey, { after, upTo }: KeyRange, upper: '<' | '<='): string {
  const columns = keyColumns(backfill, key)
  if (after !== null && upTo !== null)
    return betweenRows(columns, keyLiterals(key, after), keyLiterals(key, upTo), upper)
  if (after !== null) return compareRow(columns, '>', keyLiterals(key, after))
  return upTo === null ? 'TRUE' : compareRow(columns, upper, keyLiterals(key, upTo))
}

const equals = (backfill: CompiledBackfill, key: BackfillKey, text: string): string =>
  compareRow(keyColumns(backfill, key), '=', keyLiterals(key, text))

export function among(backfill: CompiledBackfill, key: BackfillKey, keys: readonly string[]): string {
  const [column, ...others] = keyColumns(backfill, key)
  if (others.length === 0) return `${column} IN (${keys.map((text) => keyLiterals(key, text)[0]).join(', ')})`
  return `(${keys.map((text) => equals(backfill, key, text)).join(' OR ')})`
}

export const selected = ({ where }: CompiledBackfill): string => (where === undefined ? 'TRUE' : `(${where}\n)`)

export function greatestKeySql(backfill: CompiledBackfill, key: BackfillKey): string {
  const columns = keyColumns(backfill, key)
  return `SELECT ${keyText(key, columns)} AS phasegate_key FROM ${byKey(backfill, key)}
ORDER BY ${columns.map((column) => `${column} DESC`).join(', ')} LIMIT 1`
}

export function keyBeforeSql(backfill: CompiledBackfill, key: BackfillKey, of: string): string {
  const columns = keyColumns(backfill, key)
  return `SELECT ${keyText(key, columns)} AS phasegate_key FROM ${byKey(backfill, key)}
WHERE ${compareRow(columns, '<', keyLiterals(key, of))}
ORDER BY ${columns.map((column) => `${column} DESC`).join(', ')} LIMIT 1`
}

/** The `size`th key of the range. */
export function batchEndSql(backfill: CompiledBackfill, key: BackfillKey, range: KeyRange, size: number): string {
  const columns = keyColumns(backfill, key)
  return `SELECT ${keyText(key, columns)} AS phasegate_key FROM ${byKey(backfill, key)}
WHERE ${within(backfill, key, range)} ORDER BY ${columns.join(', ')} LIMIT 1 OFFSET ${size - 1}`
}

export function countSql(backfill: CompiledBackfill, key: BackfillKey, range: KeyRange): string {
  return `SELECT COUNT(*) AS \`rows\` FROM ${byKey(backfill, key)} WHERE ${within(backfill, key, range)}`
}

const selectedKeys = (backfill: CompiledBackfill, key: BackfillKey, rows: string): string =>
  `SELECT ${keyText(key, keyColumns(backfill, key))} AS phasegate_text FROM ${byKey(backfill, key)}
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
ORDER BY ${keyColumns(backfill, key).join(', ')} LIMIT 1 FOR UPDATE`
}

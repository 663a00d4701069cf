import type { BackfillKey, Compared, CompiledBackfill, MapColumns, MapForm, RowChange } from '@phasegate/core'
import { mysqlQuoting, quoteName } from '../quoting.js'
import { among, byKey, columnName, keyColumns, selected, tableName, within } from './backfill-statements.js'
import type { ComparedColumn } from './compared-columns.js'
import { keyLiterals, keyNames, keyText } from './key-row.js'

/** A backfill that maps, with the columns that it reads and writes at hand. */
export interface Mapping {
  readonly backfill: CompiledBackfill
  readonly form: MapForm
  readonly key: BackfillKey
  readonly columns: MapColumns
  /** In the order of `form.set`. */
  readonly compared: readonly ComparedColumn[]
  /** See `Capabilities`. */
  readonly rowInValues: boolean
  /** Bytes that a statement may have; see `statementsThatFit`. */
  readonly mostBytes: number
}

/** The text of each column that is read, as `map` gets it and by which it is seen to be unchanged. */
function readTexts({ backfill, columns }: Mapping): readonly string[] {
  return columns.read.map(({ name, kind }, index) => {
    const column = columnName(backfill, name)
    const text =
      kind === 'bytes'
        ? `HEX(${column})`
        : kind === 'number'
          ? `CAST(${column} + 0 AS CHAR)`
          : `CAST(${column} AS CHAR)`
    return `${text} AS phasegate_read${index}`
  })
}

export interface MapReadRow {
  readonly phasegate_text: string
  /** 1 or 0: `where` selects it. */
  readonly phasegate_selected: number | string
  readonly [column: string]: unknown
}

const readSql = (mapping: Mapping, rows: string): string => {
  const { backfill, key } = mapping
  return `SELECT ${keyText(key, keyColumns(backfill, key))} AS phasegate_text,
  ${selected(backfill)} IS TRUE AS phasegate_selected, ${readTexts(mapping).join(', ')}
FROM ${byKey(backfill, key)} WHERE ${rows}`
}

/** Rows for `map`, in key order. */
export function readRowsSql(
  mapping: Mapping,
  asked: { readonly after: string | null; readonly upTo: string | null } | { readonly keys: readonly string[] },
): string {
  const { backfill, key } = mapping
  const rows = 'keys' in asked ? among(backfill, key, asked.keys) : within(backfill, key, asked)
  return `${readSql(mapping, `${rows} AND ${selected(backfill)}`)} ORDER BY ${keyColumns(backfill, key).join(', ')}`
}

/** The same rows as they are now; locks them, or fails at once. */
export function lockReadSql(mapping: Mapping, keys: readonly string[]): string {
  return `${readSql(mapping, among(mapping.backfill, mapping.key, keys))} FOR UPDATE NOWAIT`
}

/** `phasegate_given`: keys and values of rows that give the same columns, as literals. */
function given(
  { key, columns, rowInValues }: Mapping,
  names: readonly string[],
  changes: readonly RowChange[],
): string {
  const values = names.map((_, index) => `phasegate_value${index}`)
  const kinds = names.map((name) => columns.written.find((column) => column.name === name)!.kind)
  const rows = changes.map(({ key: text, set }) => {
    const literals = names.map((name, index) => literal(kinds[index]!, set[name] ?? null))
    return `${rowInValues ? 'ROW' : ''}(${[...keyLiterals(key, text), ...literals].join(', ')})`
  })
  return `phasegate_given (${[...keyNames(key), ...values].join(', ')}) AS (VALUES ${rows.join(',\n')})`
}

function literal(kind: MapColumns['written'][number]['kind'], text: string | null): string {
  if (text === null) return 'NULL'
  if (kind === 'bytes') return mysqlQuoting.literal(Buffer.from(text, 'hex'))
  // A BIT column would take the characters of a text.
  return kind === 'number' && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? text : mysqlQuoting.literal(text)
}

const sameKey = (backfill: CompiledBackfill, key: BackfillKey): string =>
  keyColumns(backfill, key)
    .map((column, position) => `${column} = phasegate_given.${keyNames(key)[position]}`)
    .join(' AND ')

/** Writes rows that give the same columns; of them those that `where` selects. */
export function writeSql(mapping: Mapping, names: readonly string[], changes: readonly RowChange[]): string {
  const { backfill, key } = mapping
  const set = names.map((name, index) => `${columnName(backfill, name)} = phasegate_given.phasegate_value${index}`)
  return `UPDATE (
WITH ${given(mapping, names, changes)} SELECT * FROM phasegate_given
) AS phasegate_given STRAIGHT_JOIN ${byKey(backfill, key)} ON ${sameKey(backfill, key)} SET ${set.join(', ')}`
}

/** Keys of rows that hold something else than was given, compared as it would be stored (see `differingSql`). */
export function differingRowsSql(
  mapping: Mapping,
  names: readonly string[],
  changes: readonly RowChange[],
  compared: Compared,
): string {
  const { backfill, form, key } = mapping
  const keys = keyColumns(backfill, key)
  const actual = names.map((name) => columnName(backfill, name))
  const pairs = names.flatMap((_, index) => [`phasegate_actual${index}`, `phasegate_wanted${index}`])
  const other = names.map((name, index) => {
    const sides = [`phasegate_actual${index}`, `phasegate_wanted${index}`]
    if (compared === 'missing') return `${sides[0]} IS NULL AND ${sides[1]} IS NOT NULL`
    const { bytes } = mapping.compared[form.set.indexOf(name)]!
    return `NOT (${sides.map((side) => (bytes ? `CAST(${side} AS BINARY)` : side)).join(' <=> ')})`
  })
  const [first] = keyNames(key)
  return `WITH RECURSIVE ${given(mapping, names, changes)}, phasegate_compared (${[...keyNames(key), ...pairs].join(', ')}) AS (
  SELECT ${[...keys, ...actual.flatMap((one) => [one, one])].join(', ')}
  FROM (SELECT 1) AS phasegate_one LEFT JOIN (SELECT ${[...new Set([...keys, ...actual])].join(', ')} FROM ${tableName(backfill)} LIMIT 0) AS ${quoteName(backfill.table.name)} ON TRUE
  UNION ALL
  SELECT ${[...keys, ...actual.flatMap((one, index) => [one, `phasegate_given.phasegate_value${index}`])].join(', ')}
  FROM phasegate_compared STRAIGHT_JOIN phasegate_given ON phasegate_compared.${first} IS NULL
  STRAIGHT_JOIN ${byKey(backfill, key)} ON ${sameKey(backfill, key)}
)
SELECT ${keyText(key, keyNames(key))} AS phasegate_text FROM phasegate_compared
WHERE ${first} IS NOT NULL AND (${other.join(' OR ')})`
}

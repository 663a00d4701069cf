import type { BackfillKey, CompiledBackfill, CopyForm } from '@phasegate/core'
import { mysqlQuoting, quoteName } from '../quoting.js'
import { byKey, keyColumns, selected, tableName } from './backfill-statements.js'
import type { ComparedColumn } from './compared-columns.js'
import { keyNames, keyText } from './key-row.js'

/** A backfill that fills another table, with its form at hand. */
export interface Copy {
  readonly backfill: CompiledBackfill
  readonly form: CopyForm
  readonly key: BackfillKey
  /** In the order of `form.select`. */
  readonly columns: readonly ComparedColumn[]
}

export function intoName({ into }: CopyForm): string {
  return mysqlQuoting.identifier(into.schema === undefined ? [into.name] : [into.schema, into.name])
}

const isConflict = ({ onConflict }: CopyForm, column: string): boolean =>
  onConflict.columns.some((name) => name.toLowerCase() === column.toLowerCase())

const into = (column: string): string => `phasegate_into.${quoteName(column)}`
const wanted = (index: number): string => `phasegate_wanted.phasegate_${index}`

/**
 * `phasegate_wanted`: what the other table should hold for the rows of the source, with their keys, in the columns' own
 * types (see `differingSql`): so it is compared as it would be stored, and a text is looked up in the collation of its
 * index. A row of nothing comes with it, whose key is NULL.
 */
function withWanted({ backfill, form, key }: Copy, rows: string): string {
  const keys = keyColumns(backfill, key)
  const names = form.select.map((_, index) => `phasegate_${index}`)
  const typed = form.select.map((one) => into(one.column))
  return `WITH RECURSIVE phasegate_wanted (${[...keyNames(key), ...names].join(', ')}) AS (
  SELECT ${[...keys, ...typed].join(', ')}
  FROM (SELECT 1) AS phasegate_one
  LEFT JOIN (SELECT ${keys.join(', ')} FROM ${tableName(backfill)} LIMIT 0) AS ${quoteName(backfill.table.name)} ON TRUE
  LEFT JOIN (SELECT ${form.select.map((one) => quoteName(one.column)).join(', ')} FROM ${intoName(form)} LIMIT 0) AS phasegate_into ON TRUE
  UNION ALL
  SELECT ${[...keys, ...form.select.map(({ expression }) => `(${expression}\n)`)].join(', ')}
  FROM phasegate_wanted STRAIGHT_JOIN ${byKey(backfill, key)} ON ${noRow(key)}
  WHERE ${rows} AND ${selected(backfill)}
)`
}

/** Of the row of nothing. */
const noRow = (key: BackfillKey): string => `phasegate_wanted.${keyNames(key)[0]} IS NULL`
const wantedKeys = (key: BackfillKey): readonly string[] => keyNames(key).map((name) => `phasegate_wanted.${name}`)

const found = (form: CopyForm): string =>
  form.select
    .flatMap(({ column }, index) => (isConflict(form, column) ? [`${into(column)} = ${wanted(index)}`] : []))
    .join(' AND ')

/** The conflict columns are NOT NULL, so that NULL in one of them is a row which was not found. */
const isMissing = (form: CopyForm): string => `${into(form.onConflict.columns[0]!)} IS NULL`

function differs({ form, columns }: Copy): string {
  const parts = form.select.flatMap(({ column }, index) => {
    if (isConflict(form, column)) return []
    const sides = [into(column), wanted(index)]
    return [`NOT (${sides.map((side) => (columns[index]!.bytes ? `CAST(${side} AS BINARY)` : side)).join(' <=> ')})`]
  })
  return parts.length === 0 ? 'FALSE' : parts.join(' OR ')
}

const lookedUp = (form: CopyForm): string =>
  `phasegate_wanted LEFT JOIN ${intoName(form)} AS phasegate_into ON ${found(form)}`

/** Keys, in order, of rows of the source that have no row in the other table, or (`values`) one that holds something else. */
export function notCopiedSql(copy: Copy, rows: string, values: boolean): string {
  const fault = values ? `${isMissing(copy.form)} OR ${differs(copy)}` : isMissing(copy.form)
  return `${withWanted(copy, rows)}
SELECT ${wantedKeys(copy.key).join(', ')} FROM ${lookedUp(copy.form)}
WHERE NOT ${noRow(copy.key)} AND (${fault})`
}

export interface CopyRow {
  readonly phasegate_text: string
  /** 1 or 0. */
  readonly phasegate_missing: number | string
  readonly phasegate_differs: number | string
  readonly [key: string]: unknown
}

/** How each row of the source stands; locks the rows that are there in the other table, or fails at once. */
export function lockCopiesSql(copy: Copy, rows: string): string {
  const { form, key } = copy
  const values = form.onConflict.do === 'update' ? `NOT ${isMissing(form)} AND (${differs(copy)})` : 'FALSE'
  return `${withWanted(copy, rows)}
SELECT ${keyText(key, wantedKeys(key))} AS phasegate_text,
  ${isMissing(form)} AS phasegate_missing, ${values} AS phasegate_differs
FROM ${lookedUp(form)} WHERE NOT ${noRow(key)} FOR UPDATE NOWAIT`
}

/** A plain INSERT: whatever unique key is violated, the server says so, and nothing is turned into something else. */
export function insertCopiesSql({ backfill, form, key }: Omit<Copy, 'columns'>, rows: string): string {
  const columns = form.select.map(({ column }) => quoteName(column)).join(', ')
  return `INSERT INTO ${intoName(form)} (${columns}) SELECT ${form.select.map(({ expression }) => `(${expression}\n)`).join(', ')}
FROM ${byKey(backfill, key)} WHERE ${rows} AND ${selected(backfill)}`
}

export function updateCopiesSql(copy: Copy, rows: string): string {
  const { form } = copy
  const set = form.select.flatMap(({ column }, index) =>
    isConflict(form, column) ? [] : [`${into(column)} = phasegate_wanted.phasegate_${index}`],
  )
  return `UPDATE (
${withWanted(copy, rows)} SELECT * FROM phasegate_wanted WHERE NOT ${noRow(copy.key)}
) AS phasegate_wanted STRAIGHT_JOIN ${intoName(form)} AS phasegate_into ON ${found(form)} SET ${set.join(', ')}`
}

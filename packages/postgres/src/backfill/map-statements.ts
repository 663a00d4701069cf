import type { BackfillKey, Compared, CompiledBackfill, MapForm } from '@phasegate/core'
import { escapeIdentifier } from 'pg'
import type { ComparedColumn } from './compared-columns.js'
import { asRow, columnName, keyColumns, keyText, keyValues } from './key-form.js'

/** A backfill that maps, with the columns that it reads and writes at hand. */
export interface Mapping {
  readonly backfill: CompiledBackfill
  readonly form: MapForm
  readonly key: BackfillKey
  /** In the order of `form.select`. */
  readonly read: readonly ComparedColumn[]
  /** In the order of `form.set`. */
  readonly written: readonly ComparedColumn[]
}

const isBytes = ({ type }: ComparedColumn): boolean => type === 'bytea'

/** The text of each column that is read, as `map` gets it and by which it is seen to be unchanged. */
function readTexts({ backfill, form, read }: Mapping): readonly string[] {
  return form.select.map((name, index) => {
    const column = columnName(backfill, name)
    return isBytes(read[index]!) ? `encode(${column}, 'hex')` : `${column}::text`
  })
}

/** `rows`: a condition on the key and the author's. */
export function readRowsSql(mapping: Mapping, rows: string, table: string): string {
  const keys = keyColumns(mapping.backfill, mapping.key)
  return `SELECT ${keyText(keys)} AS key, ARRAY[${readTexts(mapping).join(', ')}] AS texts
FROM ${table} WHERE ${rows}`
}

/** A row as it travels: key, texts read, and for each column of `set` a list of its text, or an empty one. */
const given = (parameter: number): string =>
  `jsonb_to_recordset($${parameter}::jsonb) AS phasegate_given (phasegate_k text, phasegate_r jsonb, phasegate_s jsonb)`

const isGiven = (position: number): string => `jsonb_array_length(phasegate_given.phasegate_s -> ${position}) > 0`

/** The value that `map` gave for a column, cast as an assignment casts. */
function value(position: number, column: ComparedColumn): string {
  const text = `phasegate_given.phasegate_s -> ${position} ->> 0`
  return isBytes(column) ? `decode(${text}, 'hex')` : `CAST((${text}) AS ${column.type})`
}

const sameKey = ({ backfill, key }: Mapping): string =>
  `${asRow(keyColumns(backfill, key))} = ${asRow(keyValues('phasegate_given.phasegate_k', key))}`

/** Of the columns that `map` gave: one holds something else, or (`missing`) nothing where something was given. */
function holdsOther({ backfill, form, written }: Mapping, compared: Compared): string {
  const parts = form.set.map((name, position) => {
    const column = written[position]!
    const text = column.equality ? '' : '::text'
    const actual = columnName(backfill, name)
    const other =
      compared === 'missing'
        ? `${actual} IS NULL AND ${value(position, column)} IS NOT NULL`
        : `${actual}${text} IS DISTINCT FROM ${value(position, column)}${text}`
    return `${isGiven(position)} AND ${other}`
  })
  return `(${parts.join(' OR ')})`
}

/** $1 the rows. Keys of those that hold something else. */
export function differingSql(mapping: Mapping, table: string, compared: Compared): string {
  return `SELECT ${keyText(keyColumns(mapping.backfill, mapping.key))} AS key
FROM ${given(1)} JOIN ${table} ON ${sameKey(mapping)} WHERE ${holdsOther(mapping, compared)}`
}

export interface MapParts {
  /** The table's name. */
  readonly table: string
  /** Rows of the batch, by key. */
  readonly range: string
  readonly behindFence: string
  /** What `where` selects; a row that it selects no longer is left alone. */
  readonly selected: string
  readonly again: string
  /** On a catch-up pass: only rows that hold something else are written. */
  readonly onlyOther: boolean
  /** Number of the parameter with the rows. */
  readonly parameter: number
}

/**
 * The parts of the batch's statement that write what `map` gave. Every row that was read is locked first, which gives its
 * latest version; if one of them reads differently by now, nothing is written, and `phasegate_stale` says so.
 */
export function mapParts(mapping: Mapping, parts: MapParts): string {
  const { backfill, form, written } = mapping
  const unchanged = readTexts(mapping).map(
    (text, index) => `${text} IS NOT DISTINCT FROM phasegate_given.phasegate_r ->> ${index}`,
  )
  const set = form.set.map((name, position) => {
    const column = columnName(backfill, name)
    return `${escapeIdentifier(name)} = CASE WHEN ${isGiven(position)} THEN ${value(position, written[position]!)} ELSE ${column} END`
  })
  return `phasegate_locked AS MATERIALIZED (
  SELECT phasegate_given.*, NOT (${unchanged.join(' AND ')}) AS phasegate_other
  FROM ${given(parts.parameter)} JOIN ${parts.table} ON ${sameKey(mapping)}
  WHERE ${parts.range} AND ${parts.behindFence}
  FOR NO KEY UPDATE OF ${escapeIdentifier(backfill.table.name)}
), phasegate_stale AS MATERIALIZED (
  SELECT count(*) FILTER (WHERE phasegate_other) AS rows FROM phasegate_locked
), phasegate_changed AS (
  UPDATE ${parts.table} SET ${set.join(', ')} FROM phasegate_locked AS phasegate_given
  WHERE ${sameKey(mapping)} AND ${parts.range} AND ${parts.selected}
    AND (SELECT rows FROM phasegate_stale) = 0
    AND (${form.set.map((_, position) => isGiven(position)).join(' OR ')})${parts.onlyOther ? ` AND ${holdsOther(mapping, 'differs')}` : ''}
  RETURNING ${parts.again} AS phasegate_again
)`
}

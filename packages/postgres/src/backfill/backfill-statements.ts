import { type BackfillKey, type Compared, type CompiledBackfill, proofOf } from '@phasegate/core'
import { escapeIdentifier } from 'pg'
import type { ComparedColumn } from './compared-columns.js'
import { copyParts, copySql, notCopied } from './copy-statements.js'
import { asRow, columnName, keyColumns, keyText, keyValues } from './key-form.js'
import { keyRange } from './key-range.js'
import { type Mapping, mapParts } from './map-statements.js'
import { opaque } from './opaque.js'
import { tableName } from './table-name.js'

/** Greatest key of the table. `max()` does not exist for every sortable type (uuid before 18). */
export function greatestKeySql(backfill: CompiledBackfill, key: BackfillKey): string {
  const columns = keyColumns(backfill, key)
  const descending = columns.map((column) => `${column} DESC`).join(', ')
  return `SELECT ${keyText(columns)} AS key FROM ${tableName(backfill)} ORDER BY ${descending} LIMIT 1`
}

/** $1 a key. */
export function keyBeforeSql(backfill: CompiledBackfill, key: BackfillKey): string {
  const columns = keyColumns(backfill, key)
  const descending = columns.map((column) => `${column} DESC`).join(', ')
  return `SELECT ${keyText(columns)} AS key FROM ${tableName(backfill)}
WHERE ${asRow(columns)} < ${asRow(keyValues('$1::text', key))} ORDER BY ${descending} LIMIT 1`
}

/**
 * The key on that place behind `after`; NULL where it is beyond `upper`. Reads no more entries of the key's index: only the
 * first column ends the scan at `upper`, for what a comparison of rows would read, see `keyRange`.
 *
 * $1 upper, $2 offset, $3 after (when bounded)
 */
export function batchEndSql(backfill: CompiledBackfill, key: BackfillKey, bounded: boolean): string {
  const columns = keyColumns(backfill, key)
  const upper = keyValues('$1::text', key)
  const row = asRow(columns)
  const after = bounded ? `${row} > ${asRow(keyValues('$3::text', key))} AND ` : ''
  return `SELECT CASE WHEN ${row} <= ${asRow(upper)} THEN ${keyText(columns)} END AS key FROM ${tableName(backfill)}
WHERE ${after}${columns[0]} <= ${upper[0]} ORDER BY ${columns.join(', ')} LIMIT 1 OFFSET $2::bigint`
}

function differs(backfill: CompiledBackfill, columns: readonly ComparedColumn[]): string {
  const parts = backfill.set.map(({ column, expression }, index) => {
    const { type, equality } = columns[index]!
    // Cast as the assignment casts, or 1.5 in an integer column would differ from its own expression for ever.
    const wanted = `CAST((${expression}\n) AS ${type})`
    const actual = columnName(backfill, column)
    return equality ? `${actual} IS DISTINCT FROM ${wanted}` : `${actual}::text IS DISTINCT FROM ${wanted}::text`
  })
  return parts.join(' OR ')
}

function isMissing(backfill: CompiledBackfill): string {
  const parts = backfill.set.map(
    ({ column, expression }) => `${columnName(backfill, column)} IS NULL AND (${expression}\n) IS NOT NULL`,
  )
  return parts.join(' OR ')
}

function fault(backfill: CompiledBackfill, columns: readonly ComparedColumn[], compared: Compared): string {
  const { form } = backfill
  if (form?.kind === 'copy') return notCopied(form, columns, compared === 'differs' && form.onConflict.do === 'update')
  return compared === 'missing' ? isMissing(backfill) : differs(backfill, columns)
}

/** Of a row that `where` selects: it differs, or lacks a value, or should not be there any more; as a boolean. */
export function mismatching(
  backfill: CompiledBackfill,
  columns: readonly ComparedColumn[],
  compared: Compared,
): string {
  if (proofOf(backfill) === 'none selected') return selected(backfill)
  const difference = opaque(fault(backfill, columns, compared))
  return backfill.where === undefined ? difference : `CASE WHEN (${backfill.where}\n) THEN ${difference} ELSE false END`
}

/** The data change alone: what EXPLAIN is asked about before anything runs. $1 after, $2 end. */
export function changeSql(backfill: CompiledBackfill, key: BackfillKey): string {
  const range = keyRange(backfill, key, { after: 1, upTo: 2 })
  if (backfill.form?.kind === 'copy')
    return copySql(backfill.form, `${tableName(backfill)} WHERE ${range} AND ${selected(backfill)}`)
  return changeRowsSql(backfill, range, undefined)
}

/** The author's condition, if there is one. */
export const selected = ({ where }: CompiledBackfill): string => (where === undefined ? 'true' : opaque(where))

/** The rows that a batch takes: those that `where` selects, and on a catch-up pass of them those that differ. */
function chosen(backfill: CompiledBackfill, only: readonly ComparedColumn[] | undefined): string {
  return only === undefined ? selected(backfill) : mismatching(backfill, only, 'differs')
}

/** What is done to the rows of a range themselves, up to a condition that more may be added to. */
function changeRowsSql(backfill: CompiledBackfill, range: string, only: readonly ComparedColumn[] | undefined): string {
  if (backfill.form?.kind === 'delete')
    return `DELETE FROM ${tableName(backfill)}
  WHERE ${range} AND ${selected(backfill)}`
  const set = backfill.set.map(({ column, expression }) => `${escapeIdentifier(column)} = (${expression}\n)`)
  const condition = chosen(backfill, only)
  return `UPDATE ${tableName(backfill)} SET ${set.join(', ')}
  WHERE ${range} AND ${condition}`
}

export interface BatchShape {
  /** False: the batch begins before the first key. */
  readonly bounded: boolean
  /** See `KeyRange`. */
  readonly common?: number
  /** Set on a catch-up pass: only rows that differ are written again. */
  readonly only?: readonly ComparedColumn[]
  /** Of a backfill that maps; its rows are the last parameter. */
  readonly mapping?: Mapping
}

/** Number of the parameter with the rows that `map` gave. */
const MAPPED_ROWS = 9

/** Part of the server's error where a batch does not end itself. */
export const STILL_SELECTED = 'phasegate: where still selects a changed row'

/** What the cursor becomes. The text is cast where it is no number, so that the whole statement fails and nothing stays. */
function nextCursor({ mustEnd }: CompiledBackfill, mapping: Mapping | undefined): string {
  if (mapping !== undefined)
    return `CASE WHEN (SELECT rows FROM phasegate_stale) > 0 THEN cursor ELSE ${nextCursor(mapping.backfill, undefined)} END`
  if (mustEnd !== true) return '$5::text'
  // Out of a query, or the planner would carry the cast out beforehand.
  const fail = `(SELECT '${STILL_SELECTED}' FROM phasegate_done)::integer::text`
  return `CASE WHEN (SELECT again FROM phasegate_done) THEN ${fail} ELSE $5::text END`
}

function keysPassed(mapping: Mapping | undefined): string {
  const passed = 'coalesce($8::bigint, (SELECT rows FROM phasegate_done))'
  return mapping === undefined ? passed : `CASE WHEN (SELECT rows FROM phasegate_stale) > 0 THEN 0 ELSE ${passed} END`
}

/** The parts of the statement that change the data, behind the fence; `phasegate_changed` has a row for each that counts. */
function changingParts(backfill: CompiledBackfill, range: string, { only, mapping }: BatchShape): string {
  const { form, mustEnd, where } = backfill
  const behindFence = 'EXISTS (SELECT FROM phasegate_fence)'
  if (form?.kind === 'copy') {
    const rows = `${tableName(backfill)} WHERE ${range} AND ${behindFence} AND ${chosen(backfill, only)}`
    return copyParts(form, rows, escapeIdentifier(backfill.table.name))
  }
  const again = mustEnd === true && where !== undefined ? opaque(where) : 'false'
  if (mapping !== undefined)
    return mapParts(mapping, {
      table: tableName(backfill),
      range,
      behindFence,
      selected: selected(backfill),
      again,
      onlyOther: only !== undefined,
      parameter: MAPPED_ROWS,
    })
  return `phasegate_changed AS (
  ${changeRowsSql(backfill, range, only)}
    AND ${behindFence}
  RETURNING ${again} AS phasegate_again
)`
}

/**
 * Somebody waits for a row of this transaction: whoever does waits for its end (PostgreSQL docs: pg_locks). Asked when
 * everything is changed, so that nobody who ran into it is missing. Sessions of ours that want the range do not count.
 */
const WAITED_FOR = `EXISTS (SELECT FROM pg_locks l
  WHERE l.locktype = 'transactionid' AND NOT l.granted AND l.transactionid = pg_current_xact_id()::xid
    AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = l.pid AND a.application_name LIKE 'phasegate/%'))`

/**
 * Fence, data and cursor in one statement. The fence locks the range's row and holds it until the end: whoever comes
 * meanwhile waits, sees another cursor or epoch, and changes nothing. Where somebody has split the range, `upper` is another
 * one, and this batch might reach beyond it. The cursor is moved last, because a row can be updated once a statement only
 * (PostgreSQL docs: Data-Modifying Statements in WITH) and the count is known only then.
 * Locks: ROW EXCLUSIVE on the table, and its rows in (after, end].
 *
 * $1 migration, $2 ordinal, $3 epoch, $4 cursor, $5 end, $6 lease in ms, $7 upper, $8 keys passed; `MAPPED_ROWS` what
 * `map` gave.
 */
export function batchSql(backfill: CompiledBackfill, key: BackfillKey, shape: BatchShape): string {
  const range = keyRange(backfill, key, { ...shape, after: shape.bounded ? 4 : undefined, upTo: 5 })
  return `WITH phasegate_fence AS MATERIALIZED (
  SELECT 1 FROM phasegate.backfill_range
  WHERE migration = $1 AND ordinal = $2::integer AND epoch = $3::bigint AND cursor IS NOT DISTINCT FROM $4::text
    AND upper = $7::text
  FOR NO KEY UPDATE
), ${changingParts(backfill, range, shape)}, phasegate_done AS MATERIALIZED (
  SELECT count(*) AS rows, bool_or(phasegate_again) AS again FROM phasegate_changed
)
UPDATE phasegate.backfill_range
SET cursor = ${nextCursor(backfill, shape.mapping)},
    rows_done = rows_done + (SELECT rows FROM phasegate_done),
    keys_done = keys_done + ${keysPassed(shape.mapping)},
    lease_expires = clock_timestamp() + $6::float8 * interval '1 ms'
WHERE migration = $1 AND ordinal = $2::integer AND EXISTS (SELECT FROM phasegate_fence)
RETURNING (SELECT rows FROM phasegate_done)::text AS rows, ${WAITED_FOR} AS waited,
  ${shape.mapping === undefined ? 'false' : '(SELECT rows FROM phasegate_stale) > 0'} AS stale`
}

/** $1 end, $2 limit, $3 after (when bounded). `except`: number of the parameter with keys of rows that count as right. */
export function mismatchesSql(
  backfill: CompiledBackfill,
  key: BackfillKey,
  columns: readonly ComparedColumn[],
  shape: Pick<BatchShape, 'bounded' | 'common'> & { readonly except?: number },
  compared: Compared,
): string {
  const range = keyRange(backfill, key, { ...shape, after: shape.bounded ? 3 : undefined, upTo: 1 })
  const names = key.columns.map((_, position) => `phasegate_key${position}`)
  const values = keyColumns(backfill, key).map((column, position) => `${column} AS ${names[position]}`)
  const differing = mismatching(backfill, columns, compared)
  // No expression is computed for them: it may be what fails.
  const counted =
    shape.except === undefined
      ? differing
      : `CASE WHEN ${keyText(keyColumns(backfill, key))} = ANY ($${shape.except}::text[]) THEN false ELSE ${differing} END`
  return `SELECT count(*)::text AS rows,
  coalesce((array_agg(${keyText(names)} ORDER BY ${names.join(', ')}) FILTER (WHERE phasegate_differs))[1:$2::integer], '{}')
    AS keys
FROM (
  SELECT ${values.join(', ')}, ${counted} AS phasegate_differs
  FROM ${tableName(backfill)} WHERE ${range}
) AS phasegate_chunk`
}

/**
 * $1 the keys, as an array of texts. Without ORDER BY: sorting is switched off on these sessions, and the planner would
 * walk the whole key index to get the order; the caller knows it.
 */
export function recheckSql(
  backfill: CompiledBackfill,
  key: BackfillKey,
  columns: readonly ComparedColumn[],
  compared: Compared,
): string {
  const keys = keyColumns(backfill, key)
  return `SELECT ${keyText(keys)} AS key FROM ${tableName(backfill)}
WHERE ${asRow(keys)} IN (
  SELECT ${keyValues('phasegate_key', key).join(', ')} FROM unnest($1::text[]) AS phasegate_keys (phasegate_key))
  AND ${mismatching(backfill, columns, compared)}`
}

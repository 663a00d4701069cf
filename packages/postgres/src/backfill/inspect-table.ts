import {
  type BackfillKey,
  type BackfillTable,
  type CompiledBackfill,
  columnsWritten,
  proofOf,
  type Session,
} from '@phasegate/core'
import { sqlState } from '../session/classify-error.js'
import { badExpression, describeTable, noColumn, noTable, wholeRow } from './backfill-errors.js'
import { changeSql, mismatchesSql, selected } from './backfill-statements.js'
import { chooseKey, type KeyCandidate } from './choose-key.js'
import { comparedColumns } from './compared-columns.js'
import { inspectInto } from './inspect-into.js'
import { readRowsSql } from './map-statements.js'
import { mappingOf } from './map-target.js'
import { pageKeyFault } from './page-key.js'
import { tableName } from './table-name.js'

interface TableRow {
  readonly oid: string
  readonly kind: string
  readonly inherited: boolean
  readonly version: number
  readonly columns: readonly string[]
  readonly [key: string]: unknown
}

/** What kind of relation this is, for those that cannot be backfilled. */
const REFUSED: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  S: 'a sequence',
  i: 'an index',
  I: 'an index',
  c: 'a composite type',
  t: 'a TOAST table',
}

/**
 * Reads what the backfill needs to know of its table and has the server plan one batch, so that a wrong name, type or
 * privilege is known before anything runs. Takes ROW EXCLUSIVE for the moment of planning.
 */
export async function inspectTable(session: Session, backfill: CompiledBackfill): Promise<BackfillTable> {
  const table = await readTable(session, backfill)
  assertColumns(backfill, table.columns)
  if (backfill.form?.kind === 'copy') await inspectInto(session, backfill, backfill.form)
  const key = chooseKey(backfill, await readCandidates(session, table.oid), pageKeyFault(backfill, table))
  await assertPlannable(session, backfill, key)
  return { key: countedKey(key), ...(await readSize(session, table.oid)) }
}

/** Types whose texts are whole numbers. */
const WHOLE_NUMBERS = ['smallint', 'integer', 'bigint']

function countedKey(key: BackfillKey): BackfillKey {
  const [column, ...others] = key.columns
  const whole = column !== undefined && others.length === 0 && WHOLE_NUMBERS.includes(column.type)
  return whole ? { ...key, wholeNumbers: true } : key
}

async function readTable(session: Session, backfill: CompiledBackfill): Promise<TableRow> {
  const [table] = await session.query<TableRow>(
    `SELECT c.oid::text AS oid, c.relkind::text AS kind, current_setting('server_version_num')::integer AS version,
       c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid) AS inherited,
       ARRAY(SELECT a.attname::text FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns
     FROM pg_class c WHERE c.oid = to_regclass($1)`,
    [tableName(backfill)],
  )
  if (table === undefined) {
    const path = backfill.table.schema === undefined ? ' in the search path' : ''
    throw noTable(
      backfill,
      `There is no table ${describeTable(backfill)}${path}.`,
      'Apply the expand that creates it first (phasegate expand), or correct the name in the file.',
    )
  }
  const refused = REFUSED[table.kind]
  if (refused !== undefined)
    throw noTable(backfill, `${describeTable(backfill)} is ${refused}.`, 'Name the table that holds the rows.')
  if (table.inherited)
    throw noTable(
      backfill,
      `Other tables inherit from ${describeTable(backfill)}: its key says nothing of their rows.`,
      'Write one backfill for each of the tables that inherit.',
    )
  return table
}

function assertColumns(backfill: CompiledBackfill, columns: readonly string[]): void {
  const read = backfill.form?.kind === 'map' ? backfill.form.select : []
  const wanted = [...columnsWritten(backfill), ...read, ...(backfill.key ?? []).filter((name) => name !== 'ctid')]
  const missing = wanted.filter((column) => !columns.includes(column))
  if (missing.length > 0)
    throw noColumn(
      backfill,
      `There is no column ${missing.join(', ')}; ${describeTable(backfill)} has ${columns.join(', ')}.`,
    )
  // `users` in an expression is a column where there is one of that name, else the row (PostgreSQL docs: Whole-Row References).
  const { name } = backfill.table
  if (!backfill.once && backfill.form === undefined && backfill.reads.includes(name) && !columns.includes(name))
    throw wholeRow(backfill)
}

/** Unique indexes, with everything that decides whether one can be walked by. */
async function readCandidates(session: Session, oid: string): Promise<readonly KeyCandidate[]> {
  return await session.query<KeyCandidate & Record<string, unknown>>(
    `SELECT format('%I', ic.relname) AS index, i.indisprimary AS "primary", i.indisvalid AND i.indisready AS valid,
       i.indpred IS NOT NULL AS partial, am.amname = 'btree' AS btree,
       (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
          'notNull', a.attnotnull, 'length', t.typlen, 'collated', a.attcollation <> 0,
          'ordered', oc.opcdefault AND i.indcollation[k.n] = a.attcollation, 'option', i.indoption[k.n]) ORDER BY k.n)
        FROM generate_series(0, i.indnkeyatts - 1) AS k (n)
        JOIN pg_opclass oc ON oc.oid = i.indclass[k.n]
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.n] AND a.attnum > 0
        LEFT JOIN pg_type t ON t.oid = a.atttypid) AS columns
     FROM pg_index i
     JOIN pg_class ic ON ic.oid = i.indexrelid
     JOIN pg_am am ON am.oid = ic.relam
     WHERE i.indrelid = $1::oid AND i.indisunique ORDER BY i.indexrelid`,
    [oid],
  )
}

async function assertPlannable(session: Session, backfill: CompiledBackfill, key: BackfillKey): Promise<void> {
  try {
    // What a map gives is known when it runs.
    if (backfill.form?.kind === 'map') {
      const rows = readRowsSql(await mappingOf(session, backfill, key), selected(backfill), tableName(backfill))
      await session.query(`EXPLAIN ${rows}`)
    } else await session.query(`EXPLAIN ${changeSql(backfill, key)}`, [null, null])
    if (proofOf(backfill) !== 'mapped again' && backfill.comparable) {
      const columns = await comparedColumns(session, backfill)
      await session.query(`EXPLAIN ${mismatchesSql(backfill, key, columns, { bounded: true }, 'differs')}`, [
        null,
        1,
        null,
      ])
    }
  } catch (error) {
    const state = sqlState(error)
    // 42703 undefined_column; other classes than 42, 22 and 0A are not the file's fault (privileges are 42501).
    if (state === '42703') throw noColumn(backfill, error instanceof Error ? error.message : String(error))
    if (state !== undefined && state !== '42501' && /^(42|22|0A)/.test(state)) throw badExpression(backfill, error)
    throw error
  }
}

/** A partitioned table is the sum of its leaves. */
async function readSize(session: Session, oid: string): Promise<{ estimatedRows: number | null; bytes: number }> {
  const [size] = await session.query<{ rows: string | null; bytes: string }>(
    `SELECT CASE WHEN min(c.reltuples) >= 0 THEN sum(c.reltuples)::bigint::text END AS rows,
       coalesce(sum(pg_table_size(c.oid)), 0)::text AS bytes
     FROM pg_class c
     WHERE c.relkind = 'r' AND (c.oid = $1::oid OR c.oid IN (SELECT relid FROM pg_partition_tree($1::oid::regclass)))`,
    [oid],
  )
  return { estimatedRows: size?.rows == null ? null : Number(size.rows), bytes: Number(size?.bytes ?? 0) }
}

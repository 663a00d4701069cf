import { type BackfillKey, type Compared, type CompiledBackfill, proofOf, type Session } from '@phasegate/core'
import { mismatching } from './backfill-statements.js'
import type { ComparedColumn } from './compared-columns.js'
import { tableName } from './table-name.js'

/**
 * The physical place of a row, for tables without a key that could be walked by. Its texts name pages, not rows: `(7,0)`
 * lies behind the last row of page 6. PostgreSQL 14 and newer read such a range without looking at other pages (release
 * notes of 14: TID range scans).
 */
export const PAGE_KEY: BackfillKey = {
  columns: [{ name: 'ctid', type: 'tid' }],
  index: 'ctid',
  pages: true,
  because: 'page by page, since no unique index can be walked by, or the file asks for it',
}

export const isPageKey = (key: BackfillKey): boolean => key.columns[0]?.name === 'ctid'

const FIRST_VERSION = 140_000
/** Where the table was never analysed. */
const ROWS_PER_PAGE = 50

/**
 * Why a table cannot be walked by pages; undefined: it can. A row that is updated meanwhile moves to another page, so that
 * it may be met twice or not at all in one pass (measured: one in five twice, one in ten not at all). Twice does no harm
 * only if the condition leaves out what is done, and "not at all" is found only if the result can be compared.
 */
export function pageKeyFault(backfill: CompiledBackfill, table: PageTable): string | undefined {
  if (table.kind !== 'r') return 'it is partitioned: write one backfill for each of its partitions'
  if (table.version < FIRST_VERSION) return 'the server is older than PostgreSQL 14'
  if (backfill.whereEnds !== true) return 'no where reads what the backfill changes, so that nothing tells what is done'
  if (backfill.form !== undefined && backfill.form.kind !== 'delete') return `it is of the form ${backfill.form.kind}`
  const proof = proofOf(backfill)
  if (proof !== 'values' && proof !== 'none selected') return 'its result cannot be compared afterwards'
  return undefined
}

export interface PageTable {
  /** `pg_class.relkind` */
  readonly kind: string
  /** `server_version_num` */
  readonly version: number
}

const PAGES = `pg_relation_size($1::regclass) / current_setting('block_size')::bigint`

/** Behind the last page that there is now; null for an empty table. */
export async function lastPage(session: Session, backfill: CompiledBackfill): Promise<string | null> {
  const [row] = await session.query<{ pages: string }>(`SELECT (${PAGES})::text AS pages`, [tableName(backfill)])
  return row === undefined || row.pages === '0' ? null : `(${row.pages},0)`
}

/** So many pages behind `after` as hold about `size` rows, at least one and at most up to `upper`. */
export async function pageEnd(
  session: Session,
  backfill: CompiledBackfill,
  after: string | null,
  upper: string,
  size: number,
): Promise<string> {
  const [row] = await session.query<{ rows: number | null }>(
    'SELECT CASE WHEN reltuples > 0 AND relpages > 0 THEN reltuples / relpages END AS rows FROM pg_class WHERE oid = $1::regclass',
    [tableName(backfill)],
  )
  const pages = Math.max(1, Math.floor(size / Math.max(1, Number(row?.rows ?? ROWS_PER_PAGE))))
  const end = (after === null ? 0 : pageOf(after)) + pages
  return end >= pageOf(upper) ? upper : `(${end},0)`
}

function pageOf(key: string): number {
  const [, page] = /^\((\d+),\d+\)$/.exec(key) ?? []
  if (page === undefined) throw new Error(`not a page of a table: ${key}`)
  return Number(page)
}

/**
 * Of these places, those whose row still differs, and those where there is no row any more: it has moved since, and
 * nobody knows what became of it, so that another pass has to look. $1 the keys, as an array of texts.
 */
export function missedRowsSql(
  backfill: CompiledBackfill,
  _key: BackfillKey,
  columns: readonly ComparedColumn[],
  compared: Compared,
): string {
  return `SELECT phasegate_key AS key FROM unnest($1::text[]) AS phasegate_keys (phasegate_key)
EXCEPT
SELECT ctid::text FROM ${tableName(backfill)}
WHERE ctid = ANY ($1::text[]::tid[]) AND NOT (${mismatching(backfill, columns, compared)})`
}

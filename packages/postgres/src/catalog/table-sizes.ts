import type { Session, TableSize } from '@phasegate/core'

interface SizeRow {
  readonly table: string
  readonly bytes: string | null
  readonly rows: string | null
  readonly [key: string]: unknown
}

/** Sizes with partitions, TOAST and indexes; rows as the planner estimates them, null where never analysed. */
export async function tableSizes(session: Session, tables: readonly string[]): Promise<readonly TableSize[]> {
  const rows = await session.query<SizeRow>(
    `SELECT t AS table,
       (SELECT sum(pg_total_relation_size(p.relid))::text FROM pg_partition_tree(to_regclass(t)) p) AS bytes,
       (SELECT CASE WHEN bool_or(c.reltuples < 0) THEN NULL ELSE sum(c.reltuples)::bigint::text END
          FROM pg_partition_tree(to_regclass(t)) p JOIN pg_class c ON c.oid = p.relid WHERE p.isleaf) AS rows
     FROM unnest($1::text[]) AS t WHERE to_regclass(t) IS NOT NULL`,
    [tables],
  )
  return rows.map((row) => ({
    table: row.table,
    bytes: Number(row.bytes ?? 0),
    rows: row.rows === null ? null : Number(row.rows),
  }))
}

/** Of these tables, those that the search path does not find. */
export async function missingTables(session: Session, tables: readonly string[]): Promise<readonly string[]> {
  const rows = await session.query<{ table: string }>(
    'SELECT t AS table FROM unnest($1::text[]) AS t WHERE to_regclass(t) IS NULL',
    [tables],
  )
  return rows.map((row) => row.table)
}

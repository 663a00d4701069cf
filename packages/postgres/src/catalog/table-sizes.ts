import type { Session, TableSize } from '@phasegate/core'
import { TABLES_NAMED } from './tables-named.js'

interface SizeRow {
  readonly table: string
  readonly bytes: string | null
  readonly rows: string | null
  readonly [key: string]: unknown
}

/** Sizes with partitions, TOAST and indexes; rows as the planner estimates them, null where never analysed. */
export async function tableSizes(session: Session, tables: readonly string[]): Promise<readonly TableSize[]> {
  const rows = await session.query<SizeRow>(
    `SELECT named.t AS table,
       sum(pg_total_relation_size(c.oid))::text AS bytes,
       CASE WHEN bool_or(c.reltuples < 0) THEN NULL ELSE sum(c.reltuples)::bigint::text END AS rows
     FROM ${TABLES_NAMED}
     -- A table that is not partitioned has no partition tree: it is its own only leaf.
     JOIN pg_class c ON c.oid = named.oid AND c.relkind <> 'p'
       OR c.oid IN (SELECT p.relid FROM pg_partition_tree(named.oid) p WHERE p.isleaf)
     GROUP BY named.t`,
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
    `SELECT t AS table FROM unnest($1::text[]) AS t WHERE t NOT IN (SELECT named.t FROM ${TABLES_NAMED})`,
    [tables],
  )
  return rows.map((row) => row.table)
}

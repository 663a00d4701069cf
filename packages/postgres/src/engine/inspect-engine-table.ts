import type { EngineTable, QualifiedName, Session } from '@phasegate/core'

interface TableRow extends Omit<EngineTable, 'rows' | 'bytes' | 'indexBytes'> {
  readonly rows: string | null
  readonly bytes: string
  readonly indexBytes: string
  readonly [key: string]: unknown
}

/**
 * Keys are those that pg_repack takes (its view `repack.primary_keys`): unique, valid, whole, without expressions, every
 * column NOT NULL. The identity is the table's oid, which pg_repack keeps, and its file, which it changes.
 */
const TABLE = `
  SELECT n.nspname AS schema, c.relname AS name, concat_ws('/', c.oid, c.relfilenode) AS identity,
    CASE WHEN c.relpersistence = 'u' THEN 'unlogged' WHEN c.relpersistence = 't' THEN 'temporary'
         WHEN c.relkind = 'p' THEN 'partitioned' ELSE am.amname END AS storage,
    c.relkind = 'p' OR c.relispartition AS partitioned,
    leaves.rows, leaves.bytes, leaves."indexBytes",
    ARRAY(SELECT a.attname::text FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns,
    coalesce((
      SELECT json_agg(json_build_object('name', ic.relname, 'columns', k.columns, 'primary', i.indisprimary)
                      ORDER BY i.indisprimary DESC, i.indnatts, i.indexrelid)
      FROM pg_index i
      JOIN pg_class ic ON ic.oid = i.indexrelid
      CROSS JOIN LATERAL (
        SELECT json_agg(a.attname ORDER BY p.n) FILTER (WHERE p.n <= i.indnkeyatts) AS columns,
               bool_and(coalesce(a.attnotnull, false)) AS whole
        FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS p (attnum, n)
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = p.attnum AND a.attnum > 0
      ) AS k
      WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND k.whole
    ), '[]') AS keys,
    coalesce((
      SELECT json_agg(json_build_object('constraint', f.conname, 'table', f.confrelid::regclass::text) ORDER BY f.conname)
      FROM pg_constraint f WHERE f.contype = 'f' AND f.conrelid = c.oid
    ), '[]') AS references,
    coalesce((
      SELECT json_agg(json_build_object('constraint', f.conname, 'table', f.conrelid::regclass::text,
        'rows', CASE WHEN r.reltuples >= 0 THEN r.reltuples::bigint END) ORDER BY f.conname)
      FROM pg_constraint f JOIN pg_class r ON r.oid = f.conrelid
      WHERE f.contype = 'f' AND f.confrelid = c.oid AND f.conrelid <> c.oid
    ), '[]') AS "referencedBy",
    coalesce((
      SELECT json_agg(json_build_object('name', t.tgname, 'sync', p.proname LIKE 'phasegate\\_sync\\_%') ORDER BY t.tgname)
      FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = c.oid AND NOT t.tgisinternal
    ), '[]') AS triggers
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_am am ON am.oid = c.relam
  CROSS JOIN LATERAL (
    -- A partitioned table is the sum of its leaves.
    SELECT CASE WHEN bool_and(l.reltuples >= 0) THEN sum(l.reltuples)::bigint::text END AS rows,
           coalesce(sum(pg_total_relation_size(l.oid)), 0)::text AS bytes,
           coalesce(sum(pg_indexes_size(l.oid)), 0)::text AS "indexBytes"
    FROM pg_class l
    WHERE l.relkind = 'r' AND (l.oid = c.oid OR l.oid IN (SELECT p.relid FROM pg_partition_tree(c.oid) p WHERE p.isleaf))
  ) AS leaves
  WHERE c.relkind IN ('r', 'p')`

/** A table as an engine's preflight wants to know it. Undefined: there is no such table, or it is a view. */
export async function inspectEngineTable(session: Session, table: QualifiedName): Promise<EngineTable | undefined> {
  const { schema, name } = table
  const [row] =
    schema === undefined
      ? await session.query<TableRow>(`${TABLE} AND c.relname = $1 AND pg_table_is_visible(c.oid)`, [name])
      : await session.query<TableRow>(`${TABLE} AND c.relname = $1 AND n.nspname = $2`, [name, schema])
  if (row === undefined) return undefined
  const { rows, bytes, indexBytes } = row
  return {
    ...row,
    rows: rows === null ? null : Number(rows),
    bytes: Number(bytes),
    indexBytes: Number(indexBytes),
  }
}

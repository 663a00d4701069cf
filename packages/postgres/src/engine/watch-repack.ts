import type { EngineSeen, EngineTable, LockHolder, Session } from '@phasegate/core'
import { blockersOf, sessionsWhere } from '../session/lock-holders.js'
import { oidOf } from './remarks.js'
import { REPACK_LOCK_HELD } from './sessions-on.js'

interface WatchedRow {
  readonly pid: string
  readonly copied: boolean
  readonly copying: boolean
  readonly indexed: boolean
  /** In the loop in which it looks once a second whether transactions older than its copy are gone. */
  readonly looks: boolean
  readonly [key: string]: unknown
}

/**
 * What pg_repack is doing on a table, which it does not say itself. Its copy is filled in one transaction and seen by nobody
 * before the end of that; then indexes are built one after the other, and the log is replayed until older transactions are
 * gone (bin/pg_repack.c, `repack_one_table`). Never asks for the size of one of its tables by SQL: that would wait for its
 * locks.
 */
export async function watchRepack(session: Session, table: EngineTable): Promise<EngineSeen | undefined> {
  const oid = oidOf(table)
  const [seen] = await session.query<WatchedRow>(
    `SELECT a.pid::text AS pid, copy.oid IS NOT NULL AS copied, a.query LIKE 'INSERT INTO repack.table_%' AS copying,
       copy.oid IS NOT NULL AND (SELECT count(*) FROM pg_index i WHERE i.indrelid = copy.oid AND i.indisvalid)
         >= (SELECT count(*) FROM pg_index i WHERE i.indrelid = $1::oid AND i.indisvalid) AS indexed,
       a.state = 'idle' AND a.query LIKE '%virtualxid%' AND clock_timestamp() - a.state_change > interval '200 ms' AS looks
     FROM pg_stat_activity a
     LEFT JOIN (pg_class copy JOIN pg_namespace n ON n.oid = copy.relnamespace AND n.nspname = 'repack')
       ON copy.relname = 'table_' || $1
     WHERE ${REPACK_LOCK_HELD('ARRAY[$1]::text[]')}`,
    [oid],
  )
  if (seen === undefined) return undefined
  const waitsFor = await waitOf(session, seen)
  if (!seen.copied) {
    if (!seen.copying) return { state: 'starting', done: null, waitsFor }
    return { state: 'copying', done: await rowsCopied(session, oid, seen.pid, table.rows), waitsFor }
  }
  return { state: seen.indexed ? 'catching up' : 'building', done: table.rows, waitsFor }
}

async function waitOf(session: Session, { pid, looks }: WatchedRow): Promise<string | null> {
  const [blocker] = await blockersOf(session, { id: pid, startedAt: '' })
  if (blocker !== undefined) return `waits for a lock of ${describe(blocker)}`
  if (!looks) return null
  // As pg_repack's own question (SQL_XID_SNAPSHOT): its own sessions and VACUUM do not count.
  const [oldest] = await sessionsWhere(
    session,
    `a.pid <> $1::int AND a.application_name <> 'pg_repack' AND a.xact_start IS NOT NULL AND a.query !~* E'^\\\\s*vacuum\\\\s+'
       AND a.query !~ '^autovacuum: ' AND (a.datname = current_database() OR a.datname IS NULL)
       AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'virtualxid')`,
    [pid],
  )
  if (oldest === undefined) return null
  return `waits for transactions that are older than its copy; the oldest is that of ${describe(oldest)}`
}

function describe({ backend, application, user, state, transactionSeconds }: LockHolder): string {
  const name = application === '' ? user : application
  return `session ${backend.id} (${name}, ${state}, open for ${Math.round(transactionSeconds)} s)`
}

/**
 * Rows in a table that nobody sees yet, by the size of its file: its oid is in the list of locks, and a new table's file has
 * the name of its oid. Null where the role may not look at files, or nothing is known of the rows.
 */
async function rowsCopied(session: Session, oid: string, pid: string, rows: number | null): Promise<number | null> {
  if (rows === null) return null
  const [row] = await session.query<{ bytes: string | null; width: number | null }>(
    `SELECT CASE WHEN has_function_privilege('pg_catalog.pg_stat_file(text, boolean)', 'EXECUTE') THEN (
         SELECT sum((pg_stat_file(made.file || CASE WHEN n = 0 THEN '' ELSE '.' || n END, true)).size)::text
         FROM generate_series(0, (SELECT relpages FROM pg_class WHERE oid = $1::oid) / 131072 + 1) AS n) END AS bytes,
       -- A row's header and its line pointer (PostgreSQL docs: Database Page Layout), and columns as ANALYZE saw them.
       (SELECT 28 + sum(s.avg_width * (1 - s.null_frac)) FROM pg_stats s JOIN pg_class c ON c.relname = s.tablename
        JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = s.schemaname WHERE c.oid = $1::oid)::float8 AS width
     FROM (
       -- The first relation that it holds and that is not in the catalog; its TOAST table comes later.
       SELECT regexp_replace(pg_relation_filepath($1::oid), '[^/]*$', '') || min(l.relation::bigint) AS file
       FROM pg_locks l WHERE l.pid = $2::int AND l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
         AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = l.relation)
     ) AS made`,
    [oid, pid],
  )
  if (row === undefined || row.bytes === null || row.width === null) return null
  return Math.min(rows, Math.floor(Number(row.bytes) / row.width))
}

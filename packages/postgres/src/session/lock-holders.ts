import type { Backend, LockHolder, LockName, Session } from '@phasegate/core'
import { TABLES_NAMED } from '../catalog/tables-named.js'
import { LOCK_CLASS, lockKeys, TABLE_LOCK_CLASS } from './lane-lock.js'
import { isoText } from './postgres-session.js'

interface HolderRow {
  readonly id: string
  readonly started: string | null
  readonly application: string | null
  readonly usename: string | null
  readonly client: string | null
  readonly state: string | null
  readonly seconds: string | null
  readonly query: string | null
  readonly type: string | null
  readonly [key: string]: unknown
}

/** Columns of a holder. Of other roles' sessions most are NULL without pg_read_all_stats; the id is always there. */
const HOLDER = `a.pid::text AS id, ${isoText('a.backend_start')} AS started, a.application_name AS application, a.usename,
  coalesce(a.client_addr::text, 'local') AS client, a.state,
  extract(epoch FROM clock_timestamp() - a.xact_start)::text AS seconds, left(a.query, 300) AS query, a.backend_type AS type`

function holder(row: HolderRow): LockHolder {
  return {
    backend: { id: row.id, startedAt: row.started ?? '' },
    application: row.application ?? '',
    user: row.usename ?? '',
    client: row.client ?? '',
    state: row.state ?? 'unknown',
    transactionSeconds: Number(row.seconds ?? 0),
    query: row.query ?? '',
    // Against wraparound it never gives way (PostgreSQL docs: Routine Vacuuming).
    autovacuum: row.type === 'autovacuum worker' && !/to prevent wraparound/.test(row.query ?? ''),
  }
}

export async function laneLockHolder(session: Session, lock: LockName): Promise<LockHolder | undefined> {
  const rows = await session.query<HolderRow>(
    `SELECT ${HOLDER} FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = $1 AND l.objid::bigint = $2 AND l.objsubid = 2
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    lockKeys(lock),
  )
  return rows.map(holder)[0]
}

/** Who keeps this backend waiting; answers also for holders that are idle in their transaction. */
export async function blockersOf(session: Session, backend: Backend): Promise<readonly LockHolder[]> {
  const rows = await session.query<HolderRow>(
    `SELECT ${HOLDER} FROM unnest(pg_blocking_pids($1::int)) AS b(pid) JOIN pg_stat_activity a ON a.pid = b.pid`,
    [backend.id],
  )
  return rows.map(holder)
}

/** PostgreSQL docs, Explicit Locking: which granted modes a request of the given mode has to wait for. */
const CONFLICTS: Readonly<Record<string, readonly string[]>> = {
  'ACCESS SHARE': ['AccessExclusiveLock'],
  'ROW SHARE': ['ExclusiveLock', 'AccessExclusiveLock'],
  'ROW EXCLUSIVE': ['ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'],
  'SHARE UPDATE EXCLUSIVE': [
    'ShareUpdateExclusiveLock',
    'ShareLock',
    'ShareRowExclusiveLock',
    'ExclusiveLock',
    'AccessExclusiveLock',
  ],
  SHARE: [
    'RowExclusiveLock',
    'ShareUpdateExclusiveLock',
    'ShareRowExclusiveLock',
    'ExclusiveLock',
    'AccessExclusiveLock',
  ],
  'SHARE ROW EXCLUSIVE': [
    'RowExclusiveLock',
    'ShareUpdateExclusiveLock',
    'ShareLock',
    'ShareRowExclusiveLock',
    'ExclusiveLock',
    'AccessExclusiveLock',
  ],
  EXCLUSIVE: [
    'RowShareLock',
    'RowExclusiveLock',
    'ShareUpdateExclusiveLock',
    'ShareLock',
    'ShareRowExclusiveLock',
    'ExclusiveLock',
    'AccessExclusiveLock',
  ],
  'ACCESS EXCLUSIVE': [
    'AccessShareLock',
    'RowShareLock',
    'RowExclusiveLock',
    'ShareUpdateExclusiveLock',
    'ShareLock',
    'ShareRowExclusiveLock',
    'ExclusiveLock',
    'AccessExclusiveLock',
  ],
}

/** Sessions of others of which `condition` holds (over `a`, a row of pg_stat_activity), oldest transaction first. */
export async function sessionsWhere(
  session: Session,
  condition: string,
  values: readonly unknown[],
): Promise<readonly LockHolder[]> {
  const rows = await session.query<HolderRow>(
    `SELECT ${HOLDER} FROM pg_stat_activity a WHERE a.pid <> pg_backend_pid() AND ${condition}
     ORDER BY a.xact_start NULLS LAST`,
    values,
  )
  return rows.map(holder)
}

/** Sessions that hold locks on `tables` which a lock of `mode` would queue behind, oldest transaction first. */
export async function holdersOf(
  session: Session,
  tables: readonly string[],
  mode: string,
): Promise<readonly LockHolder[]> {
  return sessionsWhere(
    session,
    `EXISTS (
       SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'relation' AND l.granted
         AND l.mode = ANY ($2) AND l.relation IN (SELECT oid FROM ${TABLES_NAMED})
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`,
    [tables, CONFLICTS[mode] ?? CONFLICTS['ACCESS EXCLUSIVE']],
  )
}

/**
 * A reused process id is not the same session: its start must match too. Of another role's session the start is hidden
 * from us, and after a restart in a container almost any id is in use again; then one of our locks tells a runner.
 */
export async function isBackendAlive(session: Session, backend: Backend): Promise<boolean> {
  const rows = await session.query(
    `SELECT 1 FROM pg_stat_activity a WHERE a.pid = $1::int AND coalesce(${isoText('a.backend_start')} = $2, EXISTS (
       SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.granted AND l.classid IN (${LOCK_CLASS}, ${TABLE_LOCK_CLASS})))`,
    [backend.id, backend.startedAt],
  )
  return rows.length > 0
}

/** Only a session that is surely the one meant: where its start is hidden, it may be anybody's. */
export async function cancelBackend(session: Session, backend: Backend): Promise<void> {
  await session.query(
    `SELECT pg_cancel_backend(a.pid) FROM pg_stat_activity a WHERE a.pid = $1::int
     AND ${isoText('a.backend_start')} = $2`,
    [backend.id, backend.startedAt],
  )
}

export async function terminateBackend(session: Session, backend: Backend): Promise<void> {
  await session.query(
    `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a WHERE a.pid = $1::int
     AND ${isoText('a.backend_start')} = $2`,
    [backend.id, backend.startedAt],
  )
}

/** Autovacuum is cancelled for a waiter after deadlock_timeout (PostgreSQL docs: Routine Vacuuming). */
export async function yieldTime(session: Session): Promise<number> {
  const [row] = await session.query<{ ms: string }>(
    `SELECT setting AS ms FROM pg_settings WHERE name = 'deadlock_timeout'`,
  )
  return Number(row?.ms ?? 1000)
}

import type { Session } from '@phasegate/core'
import type { TableFound } from '../catalog/tables-named.js'
import { ifAllowed, NO_SESSION } from './list-sessions.js'

/**
 * Which granted locks on a table a request has to wait for (MySQL source, sql/mdl.cc, the compatibility matrix of
 * MDL_lock; MariaDB's is the same, with `MDL_` before each name).
 */
const CONFLICTS: Readonly<Record<string, readonly string[]>> = {
  SHARED: ['EXCLUSIVE'],
  SHARED_HIGH_PRIO: ['EXCLUSIVE'],
  SHARED_READ: ['EXCLUSIVE', 'SHARED_NO_READ_WRITE'],
  SHARED_WRITE: ['EXCLUSIVE', 'SHARED_NO_READ_WRITE', 'SHARED_NO_WRITE', 'SHARED_READ_ONLY'],
  SHARED_WRITE_LOW_PRIO: ['EXCLUSIVE', 'SHARED_NO_READ_WRITE', 'SHARED_NO_WRITE', 'SHARED_READ_ONLY'],
  SHARED_UPGRADABLE: ['EXCLUSIVE', 'SHARED_NO_READ_WRITE', 'SHARED_NO_WRITE', 'SHARED_UPGRADABLE'],
  SHARED_READ_ONLY: ['EXCLUSIVE', 'SHARED_NO_READ_WRITE', 'SHARED_WRITE_LOW_PRIO', 'SHARED_WRITE'],
  SHARED_NO_WRITE: [
    'EXCLUSIVE',
    'SHARED_NO_READ_WRITE',
    'SHARED_NO_WRITE',
    'SHARED_UPGRADABLE',
    'SHARED_WRITE_LOW_PRIO',
    'SHARED_WRITE',
  ],
  // Locks of the whole server and of schemas: of FLUSH TABLES WITH READ LOCK and backups.
  INTENTION_EXCLUSIVE: ['EXCLUSIVE', 'SHARED'],
}

/**
 * The metadata lock behind the mode of a step: NONE, SHARED and EXCLUSIVE are what an ALTER TABLE leaves to others while it
 * works, and each of them has the table for itself at its begin and end.
 */
export function lockOfMode(mode: string): string {
  return mode.startsWith('SHARED_') ? mode : 'EXCLUSIVE'
}

/** Has a request of `wanted` to wait while `granted` is held? EXCLUSIVE, and what is not known, waits for everybody. */
export function conflicts(wanted: string, granted: string): boolean {
  const name = (mode: string): string => mode.toUpperCase().replace(/^MDL_/, '').replaceAll(' ', '_')
  return CONFLICTS[name(wanted)]?.includes(name(granted)) ?? true
}

/** For `IN (?)`, which the driver writes as `IN (('shop', 'users'), …)`. */
export const pairs = (tables: readonly TableFound[]): readonly (readonly string[])[] =>
  tables.map(({ schema, name }) => [schema, name])

/** Lists of locks compare without case and accents; where the server tells names by them, `Users` is not `users`. */
export function sameCase(schema: string, name: string): string {
  return `(@@lower_case_table_names <> 0 OR (CAST(${schema} AS BINARY), CAST(${name} AS BINARY)) IN (?))`
}

export interface HeldLock {
  readonly id: string
  readonly mode: string
}

interface LockRow {
  readonly id: string | number
  readonly mode: string
  readonly wanted: string
  readonly status: string
  readonly [key: string]: unknown
}

/** Locks on `tables` of other sessions than ours, as performance_schema of MySQL knows them. */
export async function metadataLocksOn(session: Session, tables: readonly TableFound[]): Promise<readonly HeldLock[]> {
  if (tables.length === 0) return []
  const rows = await ifAllowed(() =>
    session.query<LockRow>(
      `SELECT COALESCE(t.processlist_id, ${NO_SESSION}) AS id, l.lock_type AS mode
       FROM performance_schema.metadata_locks l
       LEFT JOIN performance_schema.threads t ON t.thread_id = l.owner_thread_id
       WHERE l.object_type = 'TABLE' AND l.lock_status = 'GRANTED' AND NOT t.processlist_id <=> CONNECTION_ID()
         AND (l.object_schema, l.object_name) IN (?) AND ${sameCase('l.object_schema', 'l.object_name')}`,
      [pairs(tables), pairs(tables)],
    ),
  )
  return rows.map((row) => ({ id: String(row.id), mode: row.mode }))
}

/** Sessions that hold what session `id` is waiting for, or wait for it before it with a stronger claim. */
export async function metadataLockBlockers(session: Session, id: string): Promise<readonly string[]> {
  const rows = await ifAllowed(() =>
    session.query<LockRow>(
      `SELECT ht.processlist_id AS id, h.lock_type AS mode, w.lock_type AS wanted, h.lock_status AS status
       FROM performance_schema.threads wt
       JOIN performance_schema.metadata_locks w ON w.owner_thread_id = wt.thread_id AND w.lock_status = 'PENDING'
       JOIN performance_schema.metadata_locks h ON h.object_type = w.object_type AND h.owner_thread_id <> w.owner_thread_id
         AND CAST(h.object_schema AS BINARY) <=> CAST(w.object_schema AS BINARY)
         AND CAST(h.object_name AS BINARY) <=> CAST(w.object_name AS BINARY)
         AND h.lock_status IN ('GRANTED', 'PENDING')
       JOIN performance_schema.threads ht ON ht.thread_id = h.owner_thread_id
       WHERE wt.processlist_id = ? AND ht.processlist_id IS NOT NULL`,
      [id],
    ),
  )
  const inTheWay = rows.filter((row) => conflicts(row.wanted, row.mode))
  const granted = inTheWay.filter((row) => row.status === 'GRANTED')
  // Nobody holds it: then a stronger request is before us in the queue.
  return (granted.length > 0 ? granted : inTheWay).map((row) => String(row.id))
}

/** Sessions that hold the row lock that session `id` is waiting for, on MySQL. */
export async function rowLockBlockers(session: Session, id: string): Promise<readonly string[]> {
  const rows = await ifAllowed(() =>
    session.query<{ id: string | number }>(
      `SELECT DISTINCT h.processlist_id AS id FROM performance_schema.data_lock_waits w
       JOIN performance_schema.threads r ON r.thread_id = w.requesting_thread_id
       JOIN performance_schema.threads h ON h.thread_id = w.blocking_thread_id WHERE r.processlist_id = ?`,
      [id],
    ),
  )
  return rows.map((row) => String(row.id))
}

import type { LockHolder, Session } from '@phasegate/core'
import { sessionsWhere } from '../session/lock-holders.js'
import { repackedOids } from './repack-objects.js'

/**
 * Class of the advisory lock that pg_repack holds on its first connection for as long as it works on a table
 * (bin/pg_repack.c, REPACK_LOCK_PREFIX_STR); the other key is the table's oid less 2^31.
 */
const REPACK_LOCK_CLASS = 16_185_446

/**
 * Does session `a` work for pg_repack on one of these tables? As SQL; `oids` is an array of texts.
 */
export const REPACK_LOCK_HELD = (oids: string): string => `EXISTS (
  SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.granted
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.classid::bigint = ${REPACK_LOCK_CLASS} AND l.objsubid = 2
    AND l.objid::bigint = ANY (SELECT o::bigint # 2147483648 FROM unnest(${oids}) AS o))`

/**
 * Sessions of others that hold or wait for a lock on one of these tables, and where these are pg_repack's, all of its
 * connections: the one with its lock on the table's oid, and those of its name that work on the table itself.
 */
export function sessionsOn(
  session: Session,
  schema: string,
  tables: readonly string[],
): Promise<readonly LockHolder[]> {
  return sessionsWhere(
    session,
    `(${REPACK_LOCK_HELD('$3::text[]')} OR EXISTS (
       SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'relation'
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND (a.application_name = 'pg_repack' AND l.relation = ANY ($3::text[]::oid[]) OR l.relation IN (
           SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = $1 AND c.relname = ANY ($2::text[]) OR n.nspname || '.' || c.relname = ANY ($2::text[])))))`,
    [schema, tables, repackedOids(tables)],
  )
}

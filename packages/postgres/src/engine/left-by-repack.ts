import type { Session, Surrounding } from '@phasegate/core'
import { REPACK_LOCK_HELD } from './sessions-on.js'

/** Triggers of pg_repack that nobody works for any more, whoever began. */
export async function leftByRepack(session: Session): Promise<readonly Surrounding[]> {
  const rows = await session.query<{ name: string; oid: string }>(
    `SELECT t.tgrelid::regclass::text AS name, t.tgrelid::text AS oid FROM pg_trigger t
     WHERE t.tgname = 'repack_trigger' AND NOT EXISTS (
       SELECT FROM pg_stat_activity a WHERE ${REPACK_LOCK_HELD('ARRAY[t.tgrelid::text]')}) ORDER BY 1`,
  )
  return rows.map(({ name, oid }) => ({
    check: 'pg_repack',
    state: 'warning',
    message: `${name} has the trigger of a pg_repack that is gone: every write pays for it, and repack.log_${oid} grows`,
    next: `phasegate repack ${name} where Phasegate began it; else, in this order: DROP TRIGGER repack_trigger ON ${name}; DROP TABLE repack.log_${oid}; DROP TABLE IF EXISTS repack.table_${oid}; DROP TYPE repack.pk_${oid};`,
  }))
}

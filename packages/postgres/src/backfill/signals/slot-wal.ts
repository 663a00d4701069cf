import type { ServerSignal } from '@phasegate/core'

const GB = 1024 ** 3

/** Log that replication slots keep from being removed: what a forgotten one fills the disk with. */
export function slotWal(): ServerSignal {
  return {
    name: 'slotWal',
    limits: { soft: 8 * GB, hard: 32 * GB },
    read: async (session) => {
      const [row] = await session.query<{ name: string; bytes: string }>(
        `SELECT slot_name AS name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::text AS bytes
         FROM pg_replication_slots WHERE restart_lsn IS NOT NULL AND wal_status IS DISTINCT FROM 'lost'
         ORDER BY restart_lsn LIMIT 1`,
      )
      return row === undefined
        ? { state: 'value', value: 0 }
        : { state: 'value', value: Number(row.bytes), of: row.name }
    },
  }
}

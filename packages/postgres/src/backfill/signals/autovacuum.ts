import type { ServerSignal, SignalRequest } from '@phasegate/core'
import { tableName } from '../table-name.js'

/** Autovacuum at work on the table or a partition of it. Off by itself: the two get on, and slowing down is a matter of taste. */
export function autovacuum({ backfill }: SignalRequest): ServerSignal {
  return {
    name: 'autovacuum',
    limits: null,
    read: async (session) => {
      const [row] = await session.query<{ working: string }>(
        `SELECT count(*) AS working FROM pg_stat_progress_vacuum v JOIN pg_stat_activity a USING (pid)
         WHERE a.backend_type = 'autovacuum worker' AND v.datname = current_database()
           AND v.relid IN (SELECT relid FROM pg_partition_tree($1::regclass) UNION SELECT $1::regclass)`,
        [tableName(backfill)],
      )
      return { state: 'value', value: Number(row?.working ?? 0) }
    },
  }
}

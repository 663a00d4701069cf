import type { ServerSignal } from '@phasegate/core'
import { NEEDS_MONITOR } from './needs-monitor.js'

/**
 * Age of the oldest transaction that may still need old versions of rows: while it is open no VACUUM, ours neither, gets
 * back the room of what the backfill replaces. Prepared ones count; sessions of ours do not.
 */
export function oldestTransaction(): ServerSignal {
  return {
    name: 'oldestTransaction',
    limits: { soft: 900_000, hard: 7_200_000 },
    read: async (session) => {
      const [row] = await session.query<{ ms: number | null; who: string | null; hidden: boolean }>(
        `SELECT extract(epoch FROM clock_timestamp() - t.since)::float8 * 1000 AS ms, t.who, t.hidden
         FROM (
           SELECT xact_start AS since, 'session ' || pid || coalesce(' (' || nullif(application_name, '') || ')', '') AS who,
             false AS hidden
           FROM pg_stat_activity
           WHERE backend_xmin IS NOT NULL AND backend_type = 'client backend' AND application_name NOT LIKE 'phasegate/%'
           UNION ALL SELECT prepared, 'prepared transaction ' || gid, false FROM pg_prepared_xacts
           UNION ALL SELECT NULL, NULL, true FROM pg_stat_activity WHERE query = '<insufficient privilege>'
         ) AS t ORDER BY t.since LIMIT 1`,
      )
      if (row?.hidden === true) return { state: 'unknown', reason: NEEDS_MONITOR }
      return { state: 'value', value: row?.ms ?? 0, ...(row?.who == null ? {} : { of: row.who }) }
    },
  }
}

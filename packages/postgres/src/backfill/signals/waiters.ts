import type { ServerSignal, SignalRequest } from '@phasegate/core'

/** Sessions that wait for a lock of one of this unit's batches. Only those that wait are asked whom they wait for. */
export function waiters({ unit }: SignalRequest): ServerSignal {
  return {
    name: 'waiters',
    limits: { soft: 1, hard: 10 },
    read: async (session) => {
      const [row] = await session.query<{ waiting: string }>(
        `WITH ours AS MATERIALIZED (
           SELECT backend_id AS pid FROM phasegate.backfill_range WHERE migration = $1 AND owner IS NOT NULL)
         SELECT count(*) AS waiting FROM pg_locks l
         WHERE NOT l.granted AND l.pid NOT IN (SELECT pid FROM ours WHERE pid IS NOT NULL)
           AND pg_blocking_pids(l.pid) && ARRAY(SELECT pid FROM ours)`,
        [unit.migration],
      )
      return { state: 'value', value: Number(row?.waiting ?? 0) }
    },
  }
}

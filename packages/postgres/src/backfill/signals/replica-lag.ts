import type { ServerSignal, SignalRequest } from '@phasegate/core'
import { createLagByPosition } from './lag-by-position.js'
import { NEEDS_MONITOR } from './needs-monitor.js'

interface StandbyRow {
  readonly name: string | null
  readonly state: string | null
  /** Bytes of the log since its beginning. */
  readonly replayed: string | null
  readonly written: string
  /** ms, as the server itself says. */
  readonly told: number | null
  readonly now: string
  readonly [key: string]: unknown
}

/**
 * How far the slowest standby is behind in replaying. One that has replayed all there is, is not behind, however long
 * nothing was written; base backups do not count.
 */
export function replicaLag({ standbys }: SignalRequest): ServerSignal {
  const log = createLagByPosition()
  return {
    name: 'replicaLag',
    limits: { soft: 5000, hard: 30_000 },
    read: async (session) => {
      const rows = await session.query<StandbyRow>(
        `SELECT r.application_name AS name, r.state, pg_wal_lsn_diff(r.replay_lsn, '0/0')::text AS replayed,
           extract(epoch FROM r.replay_lag)::float8 * 1000 AS told, l.written, l.now
         FROM (SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text AS written,
                 (extract(epoch FROM clock_timestamp()) * 1000)::text AS now) AS l
         LEFT JOIN pg_stat_replication r ON true`,
      )
      const [first] = rows
      if (first === undefined) throw new Error('the server does not say where its log ends')
      const now = Number(first.now)
      log.reached(BigInt(first.written), now)
      let slowest: { readonly value: number; readonly of?: string } = { value: 0 }
      for (const { name, state, replayed, told, written } of rows) {
        if (name === null) continue
        if (state === null) return { state: 'unknown', reason: NEEDS_MONITOR }
        if (state === 'backup' || replayed === null || (standbys !== undefined && !standbys.includes(name))) continue
        if (BigInt(replayed) >= BigInt(written)) continue
        const value = Math.max(told ?? 0, log.behind(BigInt(replayed), now))
        if (value > slowest.value) slowest = { value, of: name }
      }
      return { state: 'value', ...slowest }
    },
  }
}

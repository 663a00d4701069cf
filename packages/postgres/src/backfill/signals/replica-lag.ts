import { createLagByPosition, type ServerSignal, type SignalRequest } from '@phasegate/core'
import { NEEDS_MONITOR } from './needs-monitor.js'

interface StandbyRow {
  /** Null: nobody follows. */
  readonly pid: number | null
  readonly name: string | null
  readonly host: string | null
  readonly state: string | null
  /** Bytes of the log since its beginning. */
  readonly replayed: string | null
  readonly flushed: string
  /** ms, as the server itself says. */
  readonly told: number | null
  readonly logical: boolean
  readonly now: string
  readonly [key: string]: unknown
}

interface Standby {
  readonly name: string
  readonly replayed: bigint
  /** When it was last there, ms. */
  readonly at: number
}

/** After so long a standby that left is one that was taken away; a restart is over by then. */
const GONE_MS = 300_000

/**
 * How far the slowest standby is behind in replaying. One that has replayed all there is, is not behind, however long
 * nothing was written. One that leaves is behind from where it was when it left, for five minutes; one that the
 * configuration names has to be there. Base backups and, unless they are named, readers of logical slots do not count:
 * what those confirm is what they have kept, and often no more than once a minute.
 */
export function replicaLag({ standbys }: SignalRequest): ServerSignal {
  const log = createLagByPosition()
  const seen = new Map<string, Standby>()
  return {
    name: 'replicaLag',
    limits: { soft: 5000, hard: 30_000 },
    read: async (session) => {
      // What is written and not flushed is not sent to anybody yet (PostgreSQL source: walsender.c, XLogSendPhysical).
      const rows = await session.query<StandbyRow>(
        `SELECT r.pid, r.application_name AS name, host(r.client_addr) AS host, r.state,
           pg_wal_lsn_diff(r.replay_lsn, '0/0')::text AS replayed,
           extract(epoch FROM r.replay_lag)::float8 * 1000 AS told, l.flushed, l.now, s.slot_name IS NOT NULL AS logical
         FROM (SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::text AS flushed,
                 (extract(epoch FROM clock_timestamp()) * 1000)::text AS now) AS l
         LEFT JOIN pg_stat_replication r ON true
         LEFT JOIN pg_replication_slots s ON s.active_pid = r.pid AND s.slot_type = 'logical'`,
      )
      const [first] = rows
      if (first === undefined) throw new Error('the server does not say where its log ends')
      const now = Number(first.now)
      const flushed = BigInt(first.flushed)
      log.reached(flushed, now)
      const told = new Map<string, number>()
      const here = new Map<string, Standby>()
      for (const row of rows) {
        if (row.pid === null || row.name === null) continue
        if (row.state === null) return { state: 'unknown', reason: NEEDS_MONITOR }
        const counts = standbys === undefined ? !row.logical : standbys.includes(row.name)
        if (!counts || row.state === 'backup' || row.replayed === null) continue
        // Standbys without names of their own are all called walreceiver.
        const id = `${row.name} ${row.host ?? ''}`
        const replayed = BigInt(row.replayed)
        const other = here.get(id)
        if (other !== undefined && other.replayed <= replayed) continue
        here.set(id, { name: row.name, replayed, at: now })
        told.set(id, row.told ?? 0)
      }
      for (const [id, standby] of here) seen.set(id, standby)
      const missing = standbys?.find((name) => [...here.values()].every((standby) => standby.name !== name))
      if (missing !== undefined) return { state: 'silent', reason: `${missing} does not follow this server` }

      let slowest: { readonly value: number; readonly of?: string } = { value: 0 }
      for (const [id, { name, replayed, at }] of seen) {
        if (now - at > GONE_MS) seen.delete(id)
        else if (replayed < flushed) {
          const measured = log.behind(replayed, now)
          const value = log.knows(replayed) ? measured : Math.max(measured, told.get(id) ?? 0)
          const of = here.has(id) ? name : `${name}, which has left,`
          if (value > slowest.value) slowest = { value, of }
        }
      }
      return { state: 'value', ...slowest }
    },
  }
}

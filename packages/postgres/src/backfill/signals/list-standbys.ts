import type { Session } from '@phasegate/core'

interface StandbyRow {
  /** Null: nobody follows. */
  readonly pid: number | null
  readonly name: string | null
  readonly host: string | null
  readonly state: string | null
  readonly replayed: string | null
  readonly flushed: string
  readonly told: number | null
  readonly logical: boolean
  readonly now: string
  readonly [key: string]: unknown
}

/** One that follows this server and says how far it is. */
export interface Standby {
  /** The same for the same standby after it has connected anew. */
  readonly id: string
  /** Its `application_name`. */
  readonly name: string
  /** Bytes of the log since its beginning. */
  readonly replayed: bigint
  /** ms of lag as the server itself says; 0 where it says nothing. */
  readonly told: number
  /** Reads changes by a logical slot. */
  readonly logical: boolean
}

export interface Following {
  /** Bytes of the log that can have been sent to anybody. */
  readonly flushed: bigint
  /** ms by the server's clock. */
  readonly now: number
  /** Undefined: the role may not see them. Of several of one name on one host the slowest. */
  readonly standbys: readonly Standby[] | undefined
}

/** Who follows this server, base backups left out. */
export async function listStandbys(session: Session): Promise<Following> {
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
  const following = rows.filter(({ pid }) => pid !== null)
  return {
    flushed: BigInt(first.flushed),
    now: Number(first.now),
    standbys: following.some(({ state }) => state === null) ? undefined : slowestOfEach(following),
  }
}

/** Standbys without names of their own are all called walreceiver. */
function slowestOfEach(rows: readonly StandbyRow[]): readonly Standby[] {
  const found = new Map<string, Standby>()
  for (const { name, host, state, replayed, told, logical } of rows) {
    if (name === null || state === 'backup' || replayed === null) continue
    const id = `${name} ${host ?? ''}`
    const standby = { id, name, replayed: BigInt(replayed), told: told ?? 0, logical }
    const other = found.get(id)
    if (other === undefined || standby.replayed < other.replayed) found.set(id, standby)
  }
  return [...found.values()]
}

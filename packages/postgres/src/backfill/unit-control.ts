import type { BackfillControl, Session, UnitId } from '@phasegate/core'

interface ControlRow {
  readonly state: BackfillControl['state']
  readonly fingerprint: string | null
  readonly request: BackfillControl['request']
  readonly held: string | null
  readonly paused: 'request' | 'hold' | null
  readonly walked: string | null
  readonly of_key: string | null
  readonly most: string | null
  readonly leases: string
  readonly rows: string
  readonly [key: string]: unknown
}

/** Two rows by primary key and the few ranges of the unit: cheap enough to be read before each batch. */
export async function readControl(session: Session, unit: UnitId): Promise<BackfillControl> {
  const [row] = await session.query<ControlRow>(
    `SELECT u.state, u.fingerprint, u.request, u.detail ->> 'paused' AS paused, u.progress ->> 'walked' AS walked,
       u.detail ->> 'key' AS of_key,
       u.pace ->> 'maxRowsPerSecond' AS most, r.leases, r.rows,
       CASE WHEN j.held IS NULL THEN NULL ELSE coalesce(j.held ->> 'reason', '') END AS held
     FROM phasegate.journal j LEFT JOIN phasegate.unit u ON u.migration = $1 AND u.phase = $2
     CROSS JOIN (
       SELECT coalesce(sum(rows_done), 0)::text AS rows, count(*) FILTER (
         WHERE owner IS NOT NULL AND cursor IS DISTINCT FROM upper AND lease_expires > clock_timestamp())::text AS leases
       FROM phasegate.backfill_range WHERE migration = $1) AS r`,
    [unit.migration, unit.phase],
  )
  return {
    state: row?.state ?? null,
    fingerprint: row?.fingerprint ?? null,
    request: row?.request ?? null,
    held: row?.held ?? null,
    pausedBy: row?.paused ?? null,
    walked: Number(row?.walked ?? 0),
    key: row?.of_key ?? null,
    maxRowsPerSecond: row?.most == null ? null : Number(row.most),
    leases: Number(row?.leases ?? 0),
    rowsDone: Number(row?.rows ?? 0),
  }
}

import type { BackfillControl, Session, UnitId } from '@phasegate/core'

interface ControlRow {
  readonly state: BackfillControl['state']
  readonly fingerprint: string | null
  /** JSON, as the four below. */
  readonly request: string | null
  readonly detail: string | null
  readonly progress: string | null
  readonly pace: string | null
  readonly held: string | null
  readonly leases: string | number
  readonly rows: string | number
  readonly [key: string]: unknown
}

/** Two rows by primary key and the few ranges of the unit: cheap enough to be read before each batch. */
export async function readControl(session: Session, unit: UnitId): Promise<BackfillControl> {
  const [row] = await session.query<ControlRow>(
    `SELECT u.state, u.fingerprint, CAST(u.request AS CHAR) AS request, CAST(u.detail AS CHAR) AS detail,
       CAST(u.progress AS CHAR) AS progress, CAST(u.pace AS CHAR) AS pace, r.leases, r.\`rows\`, CAST(j.held AS CHAR) AS held
     FROM phasegate_journal j LEFT JOIN phasegate_unit u ON u.migration = ? AND u.phase = ?
     CROSS JOIN (
       SELECT coalesce(sum(rows_done), 0) AS \`rows\`, coalesce(sum(
         owner IS NOT NULL AND NOT (\`cursor\` <=> \`upper\`) AND lease_expires > UTC_TIMESTAMP(6)), 0) AS leases
       FROM phasegate_backfill_range WHERE migration = ?) AS r`,
    [unit.migration, unit.phase, unit.migration],
  )
  const detail = read<{ readonly paused?: BackfillControl['pausedBy']; readonly key?: string }>(row?.detail)
  const held = read<{ readonly reason?: string }>(row?.held)
  return {
    state: row?.state ?? null,
    fingerprint: row?.fingerprint ?? null,
    request: read<NonNullable<BackfillControl['request']>>(row?.request),
    held: held === null ? null : (held.reason ?? ''),
    pausedBy: detail?.paused ?? null,
    walked: Number(read<{ readonly walked?: number }>(row?.progress)?.walked ?? 0),
    key: detail?.key ?? null,
    maxRowsPerSecond: read<{ readonly maxRowsPerSecond?: number | null }>(row?.pace)?.maxRowsPerSecond ?? null,
    leases: Number(row?.leases ?? 0),
    rowsDone: Number(row?.rows ?? 0),
  }
}

const read = <T>(json: string | null | undefined): T | null => (json == null ? null : JSON.parse(json))

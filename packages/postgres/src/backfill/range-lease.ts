import type {
  Backend,
  BackfillTotals,
  BackfillWorker,
  LeaseAnswer,
  LeasedRange,
  Session,
  TransactionOptions,
  UnitId,
} from '@phasegate/core'
import { isoText } from '../session/postgres-session.js'

export interface RangeRow {
  readonly ordinal: number
  readonly pass: number
  readonly upper: string
  readonly cursor: string | null
  readonly rows: string
  readonly epoch: string
  readonly [key: string]: unknown
}

export const RANGE = 'r.ordinal, r.pass, r.upper, r.cursor, r.rows_done::text AS rows, r.epoch::text AS epoch'

export const leased = (unit: UnitId, row: RangeRow): LeasedRange => ({
  unit,
  ordinal: row.ordinal,
  pass: row.pass,
  upper: row.upper,
  cursor: row.cursor,
  rowsDone: Number(row.rows),
  epoch: row.epoch,
})

/**
 * Is the recorded session still there? A reused process id is not it. The start of another role's session is NULL to us
 * without pg_read_all_stats: then the id alone counts, and the lease has to run out.
 */
const ALIVE = `EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = r.backend_id
  AND coalesce(a.backend_start = r.backend_started, true))`

/** Nobody holds a row of ours for long but a batch, and those rows are skipped. */
const LIMITS: TransactionOptions = { lockTimeout: 1000, statementTimeout: 0 }

/**
 * Takes a range whose holder let go or is gone. A session asks when it holds none, so that one in its name is as free. The
 * row lock makes it one taker; the epoch fences the one before.
 */
const TAKE = `UPDATE phasegate.backfill_range r
SET owner = $2, backend_id = $3::integer, backend_started = $4::timestamptz, epoch = r.epoch + 1,
    lease_expires = clock_timestamp() + $5::float8 * interval '1 ms'
WHERE r.migration = $1 AND r.ordinal = (
  SELECT r.ordinal FROM phasegate.backfill_range r
  WHERE r.migration = $1 AND r.cursor IS DISTINCT FROM r.upper AND (r.owner IS NULL OR r.backend_id = $3::integer OR NOT ${ALIVE})
  ORDER BY r.ordinal FOR UPDATE SKIP LOCKED LIMIT 1)
RETURNING ${RANGE}`

/** Ends the sessions whose lease ran out, and waits up to 5 s until each is gone (its open statement rolls back). */
const END_EXPIRED = `SELECT pg_terminate_backend(r.backend_id, 5000) FROM phasegate.backfill_range r
WHERE r.migration = $1 AND r.cursor IS DISTINCT FROM r.upper AND r.owner IS NOT NULL
  AND r.lease_expires < clock_timestamp() AND r.backend_id <> pg_backend_pid() AND ${ALIVE}`

const HOLDERS = `SELECT r.owner, r.backend_id::text AS id, ${isoText('r.backend_started')} AS started
FROM phasegate.backfill_range r WHERE r.migration = $1 AND r.cursor IS DISTINCT FROM r.upper ORDER BY r.ordinal`

/** See `BackfillTarget.lease`. */
export async function leaseRange(session: Session, unit: UnitId, owner: string, leaseMs: number): Promise<LeaseAnswer> {
  // One transaction: a range that is leased and not known to be would be nobody's.
  const take = (): Promise<LeaseAnswer | undefined> =>
    session.transaction(LIMITS, async () => {
      const values = [unit.migration, owner, session.backend.id, session.backend.startedAt, leaseMs]
      const [row] = await session.query<RangeRow>(TAKE, values)
      if (row === undefined) return undefined
      await recordRunner(session, unit)
      return { state: 'leased', range: leased(unit, row) }
    })
  let taken = await take()
  if (taken === undefined) {
    const ended = await session.query(END_EXPIRED, [unit.migration])
    if (ended.length > 0) taken = await take()
  }
  if (taken !== undefined) return taken
  // SKIP LOCKED returning nothing proves nothing; this plain read does.
  const open = await session.query<{ owner: string | null; id: string | null; started: string | null }>(HOLDERS, [
    unit.migration,
  ])
  if (open.length === 0) return { state: 'whole' }
  const held = open.find(({ owner: of }) => of !== null)
  return {
    state: 'busy',
    // Nobody in the row: it is being taken or given back at this very moment.
    owner: held?.owner ?? 'another worker',
    backend: { id: held?.id ?? '', startedAt: held?.started ?? '' },
  }
}

/** The unit's row names the session that works on it, also after that session had to be replaced. */
async function recordRunner(session: Session, unit: UnitId): Promise<void> {
  await session.query(
    `UPDATE phasegate.unit SET backend_id = $3::integer, backend_started = $4::timestamptz
     WHERE migration = $1 AND phase = $2`,
    [unit.migration, unit.phase, session.backend.id, session.backend.startedAt],
  )
}

const OURS = 'migration = $1 AND ordinal = $2::integer AND epoch = $3::bigint'

export async function renewLease(session: Session, range: LeasedRange, leaseMs: number): Promise<boolean> {
  const rows = await session.query(
    `UPDATE phasegate.backfill_range SET lease_expires = clock_timestamp() + $4::float8 * interval '1 ms'
     WHERE ${OURS} RETURNING 1`,
    [range.unit.migration, range.ordinal, range.epoch, leaseMs],
  )
  return rows.length === 1
}

export async function releaseRange(session: Session, range: LeasedRange): Promise<void> {
  await session.query(
    `UPDATE phasegate.backfill_range
     SET owner = NULL, backend_id = NULL, backend_started = NULL, lease_expires = NULL WHERE ${OURS}`,
    [range.unit.migration, range.ordinal, range.epoch],
  )
}

/** How long a session that was ended may take to roll back one batch, in ms. */
const ROLLBACK_PATIENCE = 60_000

/** FOR UPDATE: waits for the transaction whose answer was lost, and reads what it left. */
export async function readRange(session: Session, unit: UnitId, ordinal: number): Promise<LeasedRange | undefined> {
  return await session.transaction({ lockTimeout: ROLLBACK_PATIENCE, statementTimeout: 0 }, async () => {
    const [row] = await session.query<RangeRow>(
      `SELECT ${RANGE} FROM phasegate.backfill_range r WHERE r.migration = $1 AND r.ordinal = $2::integer FOR UPDATE`,
      [unit.migration, ordinal],
    )
    return row === undefined ? undefined : leased(unit, row)
  })
}

export async function listRanges(
  session: Session,
  unit: UnitId,
): Promise<readonly (LeasedRange & { readonly whole: boolean })[]> {
  const rows = await session.query<RangeRow>(
    `SELECT ${RANGE} FROM phasegate.backfill_range r WHERE r.migration = $1 ORDER BY r.ordinal`,
    [unit.migration],
  )
  return rows.map((row) => ({ ...leased(unit, row), whole: row.cursor === row.upper }))
}

export async function sumRanges(session: Session, unit: UnitId): Promise<BackfillTotals> {
  const [row] = await session.query<{ rows: string; keys: string; open: string; pass: number | null }>(
    `SELECT coalesce(sum(rows_done), 0)::text AS rows, coalesce(sum(keys_done), 0)::text AS keys,
       (count(*) FILTER (WHERE cursor IS DISTINCT FROM upper))::text AS open, max(pass) AS pass
     FROM phasegate.backfill_range WHERE migration = $1`,
    [unit.migration],
  )
  return { rows: Number(row?.rows), keys: Number(row?.keys), open: Number(row?.open), pass: row?.pass ?? null }
}

/** Who holds a lease, and whose session the unit's row names: one that verifies holds no lease. */
export async function listWorkers(session: Session, unit: UnitId): Promise<readonly BackfillWorker[]> {
  const rows = await session.query<{ owner: string; id: string; started: string; alive: boolean }>(
    `SELECT r.owner, r.backend_id::text AS id, ${isoText('r.backend_started')} AS started, ${ALIVE} AS alive
     FROM (
       SELECT owner, backend_id, backend_started FROM phasegate.backfill_range WHERE migration = $1 AND owner IS NOT NULL
       UNION ALL
       SELECT coalesce(actor ->> 'by', 'unknown'), backend_id, backend_started FROM phasegate.unit
       WHERE migration = $1 AND phase = $2 AND state IN ('running', 'verifying')
     ) AS r WHERE r.backend_id IS NOT NULL`,
    [unit.migration, unit.phase],
  )
  const backend = ({ id, started }: { id: string; started: string }): Backend => ({ id, startedAt: started })
  return rows.map((row) => ({ owner: row.owner, alive: row.alive, backend: backend(row) }))
}

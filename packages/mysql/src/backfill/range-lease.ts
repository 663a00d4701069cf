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
import { SESSION_LOCK } from '../session/lane-lock.js'
import { isBackendAlive, terminateBackend } from '../session/lock-holders.js'
import { briefTransaction } from './brief-transaction.js'

export interface RangeRow {
  readonly ordinal: number
  readonly pass: number
  readonly upper: string
  readonly cursor: string | null
  readonly rows: string
  readonly epoch: string
  readonly [key: string]: unknown
}

export const RANGE = `r.ordinal, r.pass, r.upper, r.\`cursor\`, CAST(r.rows_done AS CHAR) AS \`rows\`, CAST(r.epoch AS CHAR) AS epoch`

/** Byte by byte: every collation of these columns pads with spaces, and 'a' and 'a ' may be two keys. */
export const sameText = (a: string, b: string): string => `CAST(${a} AS BINARY) <=> CAST(${b} AS BINARY)`

const OPEN = `NOT (${sameText('r.`cursor`', 'r.upper')})`

export const leased = (unit: UnitId, row: RangeRow): LeasedRange => ({
  unit,
  ordinal: row.ordinal,
  pass: row.pass,
  upper: row.upper,
  cursor: row.cursor,
  rowsDone: Number(row.rows),
  epoch: row.epoch,
})

/** Is the recorded session still there? The lock that it took when it began tells it from one that has its id now. */
const ALIVE = `IS_USED_LOCK(${SESSION_LOCK.replace('?', 'r.backend_started')}) <=> r.backend_id`

/** Nobody holds a row of ours for long but a batch, and those rows are skipped. */
const LIMITS: TransactionOptions = { lockTimeout: 1000, statementTimeout: 0 }

/**
 * Takes a range whose holder let go or is gone. A session asks when it holds none, so that one in its name is as free. The
 * row lock makes it one taker; the epoch fences the one before.
 */
async function take(session: Session, unit: UnitId, owner: string, leaseMs: number): Promise<LeaseAnswer | undefined> {
  return await briefTransaction(session, LIMITS, async () => {
    const [row] = await session.query<RangeRow>(
      `SELECT ${RANGE} FROM phasegate_backfill_range r
       WHERE r.migration = ? AND ${OPEN} AND (r.owner IS NULL OR r.backend_id = CONNECTION_ID() OR NOT (${ALIVE}))
       ORDER BY r.ordinal LIMIT 1 FOR UPDATE SKIP LOCKED`,
      [unit.migration],
    )
    if (row === undefined) return undefined
    await session.query(
      `UPDATE phasegate_backfill_range SET owner = ?, backend_id = ?, backend_started = ?, epoch = epoch + 1,
         lease_expires = ${EXPIRES} WHERE migration = ? AND ordinal = ?`,
      [owner, session.backend.id, session.backend.startedAt, leaseMs, unit.migration, row.ordinal],
    )
    // The unit's row names the session that works on it, also after that session had to be replaced.
    await session.query(
      'UPDATE phasegate_unit SET backend_id = ?, backend_started = ? WHERE migration = ? AND phase = ?',
      [session.backend.id, session.backend.startedAt, unit.migration, unit.phase],
    )
    return { state: 'leased', range: leased(unit, { ...row, epoch: String(BigInt(row.epoch) + 1n) }) }
  })
}

/** The parameter is the lease in ms. */
export const EXPIRES = 'UTC_TIMESTAMP(6) + INTERVAL ? * 1000 MICROSECOND'

/** How long a session that was told to end may take, in ms: its open statement rolls back. */
const END_PATIENCE = 5000

/** Ends the sessions whose lease ran out, and waits until each is gone. True: there were some. */
async function endExpired(session: Session, unit: UnitId): Promise<boolean> {
  const expired = await session.query<{ id: string; started: string }>(
    `SELECT CAST(r.backend_id AS CHAR) AS id, r.backend_started AS started FROM phasegate_backfill_range r
     WHERE r.migration = ? AND ${OPEN} AND r.owner IS NOT NULL AND r.lease_expires < UTC_TIMESTAMP(6)
       AND r.backend_id <> CONNECTION_ID() AND ${ALIVE}`,
    [unit.migration],
  )
  for (const { id, started } of expired) {
    const backend: Backend = { id, startedAt: started }
    await terminateBackend(session, backend)
    const until = performance.now() + END_PATIENCE
    while ((await isBackendAlive(session, backend)) && performance.now() < until) await session.query('DO SLEEP(0.02)')
  }
  return expired.length > 0
}

/** See `BackfillTarget.lease`. */
export async function leaseRange(session: Session, unit: UnitId, owner: string, leaseMs: number): Promise<LeaseAnswer> {
  let taken = await take(session, unit, owner, leaseMs)
  if (taken === undefined && (await endExpired(session, unit))) taken = await take(session, unit, owner, leaseMs)
  if (taken !== undefined) return taken
  // SKIP LOCKED returning nothing proves nothing; this plain read does.
  const open = await session.query<{ owner: string | null; id: string | null; started: string | null }>(
    `SELECT r.owner, CAST(r.backend_id AS CHAR) AS id, r.backend_started AS started FROM phasegate_backfill_range r
     WHERE r.migration = ? AND ${OPEN} ORDER BY r.ordinal`,
    [unit.migration],
  )
  if (open.length === 0) return { state: 'whole' }
  const held = open.find(({ owner: of }) => of !== null)
  return {
    state: 'busy',
    // Nobody in the row: it is being taken or given back at this very moment.
    owner: held?.owner ?? 'another worker',
    backend: { id: held?.id ?? '', startedAt: held?.started ?? '' },
  }
}

const OURS = 'migration = ? AND ordinal = ? AND epoch = ?'
const ours = ({ unit, ordinal, epoch }: LeasedRange): readonly unknown[] => [unit.migration, ordinal, epoch]

export async function renewLease(session: Session, range: LeasedRange, leaseMs: number): Promise<boolean> {
  await session.query(`UPDATE phasegate_backfill_range SET lease_expires = ${EXPIRES} WHERE ${OURS}`, [
    leaseMs,
    ...ours(range),
  ])
  return (await rowCount(session)) === 1
}

/** Rows that the statement before found: our drivers ask for those rather than for rows that were changed. */
export async function rowCount(session: Session): Promise<number> {
  const [row] = await session.query<{ count: number | string }>('SELECT ROW_COUNT() AS count')
  return Number(row?.count)
}

export async function releaseRange(session: Session, range: LeasedRange): Promise<void> {
  await session.query(
    `UPDATE phasegate_backfill_range
     SET owner = NULL, backend_id = NULL, backend_started = NULL, lease_expires = NULL WHERE ${OURS}`,
    ours(range),
  )
}

/** How long a session that was ended may take to roll back one batch, in ms. */
const ROLLBACK_PATIENCE = 60_000

/** FOR UPDATE: waits for the transaction whose answer was lost, and reads what it left. */
export async function readRange(session: Session, unit: UnitId, ordinal: number): Promise<LeasedRange | undefined> {
  return await briefTransaction(session, { lockTimeout: ROLLBACK_PATIENCE, statementTimeout: 0 }, async () => {
    const [row] = await session.query<RangeRow>(
      `SELECT ${RANGE} FROM phasegate_backfill_range r WHERE r.migration = ? AND r.ordinal = ? FOR UPDATE`,
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
    `SELECT ${RANGE} FROM phasegate_backfill_range r WHERE r.migration = ? ORDER BY r.ordinal`,
    [unit.migration],
  )
  return rows.map((row) => ({ ...leased(unit, row), whole: row.cursor === row.upper }))
}

export async function sumRanges(session: Session, unit: UnitId): Promise<BackfillTotals> {
  const [row] = await session.query<{ rows: string; keys: string; open: string; pass: number | null }>(
    `SELECT CAST(COALESCE(SUM(r.rows_done), 0) AS CHAR) AS \`rows\`, CAST(COALESCE(SUM(r.keys_done), 0) AS CHAR) AS \`keys\`,
       CAST(COALESCE(SUM(${OPEN}), 0) AS CHAR) AS open, MAX(r.pass) AS pass
     FROM phasegate_backfill_range r WHERE r.migration = ?`,
    [unit.migration],
  )
  return { rows: Number(row?.rows), keys: Number(row?.keys), open: Number(row?.open), pass: row?.pass ?? null }
}

/** Who holds a lease, and whose session the unit's row names: one that verifies holds no lease. */
export async function listWorkers(session: Session, unit: UnitId): Promise<readonly BackfillWorker[]> {
  const rows = await session.query<{ owner: string; id: string; started: string; alive: number | string }>(
    `SELECT r.owner, CAST(r.backend_id AS CHAR) AS id, r.backend_started AS started, ${ALIVE} AS alive
     FROM (
       SELECT owner, backend_id, backend_started FROM phasegate_backfill_range WHERE migration = ? AND owner IS NOT NULL
       UNION ALL
       SELECT COALESCE(JSON_UNQUOTE(JSON_EXTRACT(actor, '$.by')), 'unknown'), backend_id, backend_started
       FROM phasegate_unit WHERE migration = ? AND phase = ? AND state IN ('running', 'verifying')
     ) AS r WHERE r.backend_id IS NOT NULL`,
    [unit.migration, unit.migration, unit.phase],
  )
  return rows.map(({ owner, id, started, alive }) => ({
    owner,
    alive: Number(alive) === 1,
    backend: { id, startedAt: started },
  }))
}

import type { BackfillKey, CompiledBackfill, LeasedRange, RangeTaker, Session } from '@phasegate/core'
import { batchEnd } from './batch-end.js'
import { leased, RANGE, type RangeRow } from './range-lease.js'

/** The range as it was seen, in the hands of the same holder. Waits for the batch in flight, which holds the row. */
const HELD = `SELECT ${RANGE} FROM phasegate.backfill_range r
WHERE r.migration = $1 AND r.ordinal = $2::integer AND r.epoch = $3::bigint AND r.upper = $4 AND r.owner IS NOT NULL
FOR NO KEY UPDATE`

/** Numbers are given under the unit's row, and ranges are taken before it: nobody locks the two the other way round. */
const NUMBERING = 'SELECT 1 FROM phasegate.unit WHERE migration = $1 AND phase = $2 FOR NO KEY UPDATE'

const INSERT = `INSERT INTO phasegate.backfill_range AS r
  (migration, ordinal, pass, upper, cursor, owner, backend_id, backend_started, epoch, lease_expires)
SELECT $1, (SELECT max(ordinal) + 1 FROM phasegate.backfill_range WHERE migration = $1), $2::integer, $3, $4, $5,
  $6::integer, $7::timestamptz, 1, clock_timestamp() + $8::float8 * interval '1 ms'
RETURNING ${RANGE}`

/** See `BackfillTarget.split`. */
export async function splitRange(
  session: Session,
  backfill: CompiledBackfill,
  key: BackfillKey,
  seen: LeasedRange,
  at: string,
  { owner, leaseMs, lockTimeout }: RangeTaker,
): Promise<LeasedRange | undefined> {
  const { unit, ordinal, epoch, upper } = seen
  return await session.transaction({ lockTimeout, statementTimeout: 0 }, async () => {
    const [row] = await session.query<RangeRow>(HELD, [unit.migration, ordinal, epoch, upper])
    if (row === undefined) return undefined
    // A key between the two proves that the cursor is still before `at`, in the database's own order.
    if ((await batchEnd(session, backfill, key, row.cursor, at, 1)) === at) return undefined
    await session.query(NUMBERING, [unit.migration, unit.phase])
    await session.query(
      'UPDATE phasegate.backfill_range SET upper = $3 WHERE migration = $1 AND ordinal = $2::integer',
      [unit.migration, ordinal, at],
    )
    const { backend } = session
    const values = [unit.migration, row.pass, upper, at, owner, backend.id, backend.startedAt, leaseMs]
    const [rest] = await session.query<RangeRow>(INSERT, values)
    return rest === undefined ? undefined : leased(unit, rest)
  })
}

import type { BackfillKey, CompiledBackfill, LeasedRange, RangeTaker, Session } from '@phasegate/core'
import { batchEnd } from './batch-end.js'
import { briefTransaction } from './brief-transaction.js'
import { EXPIRES, leased, RANGE, type RangeRow, sameText } from './range-lease.js'

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
  return await briefTransaction(session, { lockTimeout, statementTimeout: 0 }, async () => {
    // The range as it was seen, in the hands of the same holder. Waits for the batch in flight, which holds the row.
    const [row] = await session.query<RangeRow>(
      `SELECT ${RANGE} FROM phasegate_backfill_range r
       WHERE r.migration = ? AND r.ordinal = ? AND r.epoch = ? AND ${sameText('r.upper', '?')} AND r.owner IS NOT NULL
       FOR UPDATE`,
      [unit.migration, ordinal, epoch, upper],
    )
    if (row === undefined) return undefined
    // A key between the two proves that the cursor is still before `at`, in the database's own order.
    if ((await batchEnd(session, backfill, key, row.cursor, at, 1)) === at) return undefined
    // Numbers are given under the unit's row, and ranges are taken before it: nobody locks the two the other way round.
    await session.query('SELECT 1 FROM phasegate_unit WHERE migration = ? AND phase = ? FOR UPDATE', [
      unit.migration,
      unit.phase,
    ])
    const [last] = await session.query<{ ordinal: number }>(
      'SELECT MAX(ordinal) AS ordinal FROM phasegate_backfill_range WHERE migration = ?',
      [unit.migration],
    )
    const next = Number(last?.ordinal) + 1
    await session.query('UPDATE phasegate_backfill_range SET upper = ? WHERE migration = ? AND ordinal = ?', [
      at,
      unit.migration,
      ordinal,
    ])
    const { backend } = session
    await session.query(
      `INSERT INTO phasegate_backfill_range
         (migration, ordinal, pass, upper, \`cursor\`, owner, backend_id, backend_started, epoch, lease_expires)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ${EXPIRES})`,
      [unit.migration, next, row.pass, upper, at, owner, backend.id, backend.startedAt, leaseMs],
    )
    return { ...leased(unit, row), ordinal: next, upper, cursor: at, rowsDone: 0, epoch: '1' }
  })
}

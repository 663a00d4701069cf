import { createHash } from 'node:crypto'
import type { BackfillTarget, RowError, Session, UnitId } from '@phasegate/core'
import { briefTransaction } from './brief-transaction.js'
import { EXPIRES, sameText } from './range-lease.js'

/** What stands for a key in the table's own key, since a key may be longer than an index takes. */
const digest = (key: string): string => createHash('sha256').update(key).digest('hex')

/** ms; only batches and progress hold these rows, and not for long. */
const LIMITS = { lockTimeout: 1000, statementTimeout: 0 }

/** As that of a batch. */
const FENCE = `SELECT 1 FROM phasegate_backfill_range
WHERE migration = ? AND ordinal = ? AND epoch = ? AND ${sameText('`cursor`', '?')} AND ${sameText('upper', '?')} FOR UPDATE`

/** Two workers count one after the other. The range before the unit: nobody locks the two the other way round. */
const COUNTING = 'SELECT 1 FROM phasegate_unit WHERE migration = ? AND phase = ? FOR UPDATE'

const RECORD = `INSERT INTO phasegate_quarantine (migration, digest, \`key\`, error) VALUES (?, ?, ?, ?)
ON DUPLICATE KEY UPDATE error = VALUES(error), at = UTC_TIMESTAMP(6)`

const MOVE = `UPDATE phasegate_backfill_range SET \`cursor\` = ?, keys_done = keys_done + 1, lease_expires = ${EXPIRES}
WHERE migration = ? AND ordinal = ?`

async function clear(session: Session, unit: UnitId, keys: readonly string[]): Promise<void> {
  for (const key of keys)
    await session.query('DELETE FROM phasegate_quarantine WHERE migration = ? AND digest = ?', [
      unit.migration,
      digest(key),
    ])
}

/** Rows that could not be changed. */
export const quarantineTarget: Pick<
  BackfillTarget,
  'quarantine' | 'quarantined' | 'clearQuarantine' | 'retryQuarantined'
> = {
  quarantine: async (session, range, { key, error }, limit, leaseMs) => {
    const { unit, ordinal, epoch, cursor, upper } = range
    return await briefTransaction(session, LIMITS, async () => {
      const fence = await session.query(FENCE, [unit.migration, ordinal, epoch, cursor, upper])
      if (fence.length === 0) return 'fenced'
      await session.query(COUNTING, [unit.migration, unit.phase])
      const [others] = await session.query<{ total: string | number }>(
        'SELECT COUNT(*) AS total FROM phasegate_quarantine WHERE migration = ? AND digest <> ?',
        [unit.migration, digest(key)],
      )
      if (Number(others?.total) >= limit) return 'full'
      await session.query(RECORD, [unit.migration, digest(key), key, JSON.stringify(error)])
      await session.query(MOVE, [key, leaseMs, unit.migration, ordinal])
      return 'recorded'
    })
  },
  quarantined: async (session, unit) => {
    const rows = await session.query<{ phasegate_text: string; error: string }>(
      `SELECT \`key\` AS phasegate_text, CAST(error AS CHAR) AS error FROM phasegate_quarantine
       WHERE migration = ? ORDER BY at, digest`,
      [unit.migration],
    )
    return rows.map((row) => ({ key: row.phasegate_text, error: JSON.parse(row.error) as RowError }))
  },
  clearQuarantine: clear,
  retryQuarantined: async (session, unit, pass, rows) => {
    await session.transaction(LIMITS, async () => {
      for (const { key, after } of rows)
        await session.query(
          `INSERT INTO phasegate_backfill_range (migration, ordinal, pass, \`cursor\`, upper)
           SELECT ?, COALESCE(MAX(ordinal) + 1, 0), ?, ?, ? FROM phasegate_backfill_range WHERE migration = ?`,
          [unit.migration, pass, after, key, unit.migration],
        )
      await clear(
        session,
        unit,
        rows.map(({ key }) => key),
      )
    })
  },
}

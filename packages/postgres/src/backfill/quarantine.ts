import { createHash } from 'node:crypto'
import type { BackfillTarget } from '@phasegate/core'

/** What stands for a key in the table's own key, since a key may be longer than an index takes. */
const digest = (key: string): string => createHash('sha256').update(key).digest('hex')

/** ms; only batches and progress hold these rows, and not for long. */
const LIMITS = { lockTimeout: 1000, statementTimeout: 0 }

/** As that of a batch. $1 migration, $2 ordinal, $3 epoch, $4 cursor, $5 upper. */
const FENCE = `SELECT 1 FROM phasegate.backfill_range
WHERE migration = $1 AND ordinal = $2::integer AND epoch = $3::bigint AND cursor IS NOT DISTINCT FROM $4::text AND upper = $5
FOR NO KEY UPDATE`

/** Two workers count one after the other. The range before the unit: nobody locks the two the other way round. */
const COUNTING = 'SELECT 1 FROM phasegate.unit WHERE migration = $1 AND phase = $2 FOR NO KEY UPDATE'

const RECORD = `INSERT INTO phasegate.quarantine (migration, digest, key, error)
SELECT $1, $2, $3, $4::jsonb
WHERE (SELECT count(*) FROM phasegate.quarantine WHERE migration = $1 AND digest <> $2) < $5::integer
ON CONFLICT (migration, digest) DO UPDATE SET error = excluded.error, at = clock_timestamp()
RETURNING 1`

const MOVE = `UPDATE phasegate.backfill_range
SET cursor = $3, keys_done = keys_done + 1, lease_expires = clock_timestamp() + $4::float8 * interval '1 ms'
WHERE migration = $1 AND ordinal = $2::integer`

/** Rows that could not be changed. */
export const quarantineTarget: Pick<
  BackfillTarget,
  'quarantine' | 'quarantined' | 'clearQuarantine' | 'retryQuarantined'
> = {
  quarantine: async (session, range, { key, error }, limit, leaseMs) => {
    const { unit, ordinal, epoch, cursor, upper } = range
    return await session.transaction(LIMITS, async () => {
      const fence = await session.query(FENCE, [unit.migration, ordinal, epoch, cursor, upper])
      if (fence.length === 0) return 'fenced'
      await session.query(COUNTING, [unit.migration, unit.phase])
      const values = [unit.migration, digest(key), key, JSON.stringify(error), limit]
      if ((await session.query(RECORD, values)).length === 0) return 'full'
      await session.query(MOVE, [unit.migration, ordinal, key, leaseMs])
      return 'recorded'
    })
  },
  quarantined: async (session, unit) =>
    await session.query<{ key: string; error: { code: string | null; message: string } }>(
      'SELECT key, error FROM phasegate.quarantine WHERE migration = $1 ORDER BY at, digest',
      [unit.migration],
    ),
  clearQuarantine: async (session, unit, keys) => {
    await session.query('DELETE FROM phasegate.quarantine WHERE migration = $1 AND digest = ANY ($2::text[])', [
      unit.migration,
      keys.map(digest),
    ])
  },
  retryQuarantined: async (session, unit, pass, rows) => {
    await session.transaction(LIMITS, async () => {
      for (const { key, after } of rows)
        await session.query(
          `INSERT INTO phasegate.backfill_range (migration, ordinal, pass, cursor, upper)
           SELECT $1, coalesce(max(ordinal) + 1, 0), $2::integer, $3, $4 FROM phasegate.backfill_range WHERE migration = $1`,
          [unit.migration, pass, after, key],
        )
      await session.query('DELETE FROM phasegate.quarantine WHERE migration = $1 AND digest = ANY ($2::text[])', [
        unit.migration,
        rows.map(({ key }) => digest(key)),
      ])
    })
  },
}

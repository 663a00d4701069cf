import { type BackfillTarget, readProgress } from '@phasegate/core'

/** A batch waits for nobody, and neither does what is said about it: ms. */
const TIMEOUTS = { lockTimeout: 1000, statementTimeout: 5000 }

/** See `BackfillTarget.recordProgress`. Locks the unit's row (FOR UPDATE) for two short statements. */
export const recordProgress: BackfillTarget['recordProgress'] = async (session, unit, add) =>
  await session.transaction(TIMEOUTS, async () => {
    const [row] = await session.query<{ progress: string | null }>(
      `SELECT CAST(progress AS CHAR) AS progress FROM phasegate_unit WHERE migration = ? AND phase = ? FOR UPDATE`,
      [unit.migration, unit.phase],
    )
    const progress = add(row?.progress == null ? null : readProgress(JSON.parse(row.progress)))
    await session.query('UPDATE phasegate_unit SET progress = ? WHERE migration = ? AND phase = ?', [
      JSON.stringify(progress),
      unit.migration,
      unit.phase,
    ])
    return progress
  })

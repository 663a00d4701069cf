import { type BackfillTarget, readProgress } from '@phasegate/core'

/** A batch waits for nobody, and neither does what is said about it: ms. */
const TIMEOUTS = { lockTimeout: 200, statementTimeout: 5000 }

/** See `BackfillTarget.recordProgress`. Locks the unit's row (FOR UPDATE) for two short statements. */
export const recordProgress: BackfillTarget['recordProgress'] = async (session, unit, add) =>
  await session.transaction(TIMEOUTS, async () => {
    const [row] = await session.query<{ progress: unknown }>(
      'SELECT progress FROM phasegate.unit WHERE migration = $1 AND phase = $2 FOR UPDATE',
      [unit.migration, unit.phase],
    )
    const progress = add(readProgress(row?.progress))
    await session.query('UPDATE phasegate.unit SET progress = $3 WHERE migration = $1 AND phase = $2', [
      unit.migration,
      unit.phase,
      JSON.stringify(progress),
    ])
    return progress
  })

import type { Session } from '@phasegate/core'
import { errorNumber } from '../../session/classify-error.js'

/** One change of the heartbeat's row. Both numbers are the primary's, wherever they are read. */
export interface Beat {
  /** Counts every beat of every process. */
  readonly number: bigint
  /** ms since 1970 by the primary's clock. */
  readonly at: number
}

/** Kept out of the journal's versions: only who watches replicas has it (docs/decisions/0015-replica-heartbeat.md). */
const CREATE = `
  CREATE TABLE IF NOT EXISTS phasegate_heartbeat (
    only_row TINYINT(1) NOT NULL DEFAULT 1 PRIMARY KEY CHECK (only_row = 1),
    beat     BIGINT NOT NULL,
    at       DATETIME(6) NOT NULL
  ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`

const BEAT = `
  INSERT INTO phasegate_heartbeat (only_row, beat, at) VALUES (1, 1, UTC_TIMESTAMP(6))
  ON DUPLICATE KEY UPDATE beat = beat + 1, at = UTC_TIMESTAMP(6)`

const NO_SUCH_TABLE = 1146

/** Beats on the primary, and says which beat is the newest there and what the primary's clock shows. */
export async function beat(session: Session): Promise<Beat> {
  try {
    await session.query(BEAT)
  } catch (error) {
    if (errorNumber(error) !== NO_SUCH_TABLE) throw error
    await session.query(CREATE)
    await session.query(BEAT)
  }
  const newest = await newestBeat(session, 'UTC_TIMESTAMP(6)')
  if (newest === undefined) throw new Error('the heartbeat that was written is not there')
  return newest
}

/** The newest beat that this server has; undefined where none has come to it yet. */
export async function newestBeat(session: Session, at: 'at' | 'UTC_TIMESTAMP(6)' = 'at'): Promise<Beat | undefined> {
  try {
    const [row] = await session.query<{ beat: string | number; ms: string | number }>(
      `SELECT beat, UNIX_TIMESTAMP(${at}) * 1000 AS ms FROM phasegate_heartbeat`,
    )
    return row === undefined ? undefined : { number: BigInt(row.beat), at: Number(row.ms) }
  } catch (error) {
    // The table has not come to it yet.
    if (errorNumber(error) === NO_SUCH_TABLE) return undefined
    throw error
  }
}

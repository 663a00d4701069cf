import type { Session, TransactionOptions } from '@phasegate/core'
import { IDLE_LIMIT } from '../session/session-settings.js'

/** Seconds that a client may stand still in a transaction of a backfill. */
const STANDSTILL = 5

/**
 * A transaction on a session that batches run on. What it holds others wait for, so that the server ends it soon where its
 * client stands still (SIGSTOP, a machine that sleeps): `wait_timeout` is of each wait for the next statement, and only here
 * is that wait to be short.
 */
export async function briefTransaction<T>(
  session: Session,
  limits: TransactionOptions,
  work: () => Promise<T>,
): Promise<T> {
  await session.query(`SET SESSION wait_timeout = ${STANDSTILL}`)
  try {
    return await session.transaction(limits, work)
  } finally {
    // Of a session that is gone nothing is left, and the error of `work` is the one that counts.
    await session.query(`SET SESSION wait_timeout = ${IDLE_LIMIT}`).catch(() => {})
  }
}

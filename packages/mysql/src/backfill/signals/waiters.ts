import type { ServerSignal, Session, SignalRequest } from '@phasegate/core'
import type { Capabilities } from '../../server/capabilities.js'
import { classifyError } from '../../session/classify-error.js'

const OURS = 'SELECT backend_id FROM phasegate_backfill_range WHERE migration = ? AND owner IS NOT NULL'

/** MySQL Reference Manual: performance_schema.data_lock_waits. */
const BY_THREAD = `
  SELECT COUNT(DISTINCT r.processlist_id) AS waiting, @@performance_schema AS watched
  FROM performance_schema.data_lock_waits w
  JOIN performance_schema.threads b ON b.thread_id = w.blocking_thread_id
  JOIN performance_schema.threads r ON r.thread_id = w.requesting_thread_id
  WHERE b.processlist_id IN (${OURS}) AND r.processlist_id NOT IN (${OURS})`

/**
 * MariaDB documentation: information_schema.INNODB_LOCK_WAITS. It is read anew only when nobody has asked for 100 ms
 * (MariaDB source, trx0i_s.cc, CACHE_MIN_IDLE_TIME_NS): where many ask, what it tells is a little older.
 */
const BY_TRANSACTION = `
  SELECT COUNT(DISTINCT r.trx_mysql_thread_id) AS waiting, 1 AS watched
  FROM information_schema.innodb_lock_waits w
  JOIN information_schema.innodb_trx b ON b.trx_id = w.blocking_trx_id
  JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_trx_id
  WHERE b.trx_mysql_thread_id IN (${OURS}) AND r.trx_mysql_thread_id NOT IN (${OURS})`

/** Sessions that wait for a row which one of this unit's batches holds. */
export function waiters({ unit }: SignalRequest, capabilities: Capabilities): ServerSignal {
  return {
    name: 'waiters',
    limits: { soft: 1, hard: 10 },
    read: async (session) => {
      try {
        const value = await count(session, unit.migration, capabilities)
        if (value === undefined) return { state: 'unknown', reason: 'performance_schema is off' }
        return { state: 'value', value }
      } catch (error) {
        if (classifyError(error) !== 'permission') throw error
        const grant = capabilities.locksByPlugin ? 'PROCESS ON *.*' : 'SELECT ON performance_schema.*'
        return { state: 'unknown', reason: `the account may not see it: GRANT ${grant} to it` }
      }
    },
  }
}

/** Undefined: nobody keeps account of who waits. */
async function count(
  session: Session,
  migration: string,
  { locksByPlugin }: Capabilities,
): Promise<number | undefined> {
  const text = locksByPlugin ? BY_TRANSACTION : BY_THREAD
  const [row] = await session.query<{ waiting: string | number; watched: string | number }>(text, [
    migration,
    migration,
  ])
  return row === undefined || Number(row.watched) === 0 ? undefined : Number(row.waiting)
}

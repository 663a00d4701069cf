import { type CompiledBackfill, type Reclaimed, type Session, systemClock, type TableReclaimer } from '@phasegate/core'
import { classifyError } from '../session/classify-error.js'
import { cancelBackend } from '../session/lock-holders.js'
import { tableName } from './table-name.js'

/** Class of the advisory locks that keep it to one VACUUM of ours a table; the key is the table's oid. ("phvc" as ASCII.) */
const VACUUM_LOCK = 0x70687663

/** ms between two looks at who waits for the VACUUM: so long a statement of the application may be held up by it. */
const LOOK_EVERY_MS = 50

interface TableRow {
  /** Of the advisory lock. */
  readonly key: number
  readonly allowed: boolean
  readonly leaves: readonly string[]
  readonly [key: string]: unknown
}

/**
 * Vacuums the table, each of its leaf partitions in turn, so that batches to come use the room of rows that batches before
 * have replaced. Takes SHARE UPDATE EXCLUSIVE, which no read and no write waits for; whoever does wait (ALTER TABLE, CREATE
 * INDEX) gets it at once, since a manual VACUUM never gives way by itself (PostgreSQL docs: Routine Vacuuming). No
 * TRUNCATE, for which it would take ACCESS EXCLUSIVE, and no parallel workers beside traffic.
 */
export function createTableReclaimer(openSession: () => Promise<Session>, backfill: CompiledBackfill): TableReclaimer {
  let sessions: Sessions | undefined
  const close = async (): Promise<void> => {
    const old = sessions
    sessions = undefined
    await old?.worker.close()
    await old?.watcher.close()
  }
  return {
    run: async (signal) => {
      try {
        sessions ??= await openBoth(openSession)
        return await reclaim(sessions, backfill, signal)
      } catch (error) {
        // Whatever is wrong with them, the next run begins with new ones; what they held ends with them.
        if (sessions !== undefined) await cancelFrom(openSession, sessions.worker).finally(close)
        throw error
      }
    },
    close,
  }
}

interface Sessions {
  readonly worker: Session
  readonly watcher: Session
}

async function openBoth(openSession: () => Promise<Session>): Promise<Sessions> {
  const worker = await openSession()
  try {
    // A role's or a database's timeouts would end what may take as long as it takes. The cost limits keep it from writing
    // more than some 400 MB/s on a server that could.
    await worker.query(`
      SET statement_timeout = 0; SET lock_timeout = 0; SET idle_session_timeout = 0;
      SET vacuum_cost_delay = '2ms'; SET vacuum_cost_limit = 2000`)
    return { worker, watcher: await openSession() }
  } catch (error) {
    await worker.close()
    throw error
  }
}

async function reclaim(sessions: Sessions, backfill: CompiledBackfill, signal: AbortSignal): Promise<Reclaimed> {
  const { worker } = sessions
  const table = await readTable(worker, backfill)
  if (table === undefined) return { state: 'not permitted', reason: `${tableName(backfill)} is not there` }
  if (!table.allowed)
    return { state: 'not permitted', reason: `the role neither owns ${tableName(backfill)} nor has MAINTAIN on it` }
  const lock = [VACUUM_LOCK, table.key]
  const [answer] = await worker.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS taken', lock)
  if (answer?.taken !== true) return { state: 'busy' }
  for (const leaf of table.leaves) {
    if (await vacuum(sessions, leaf, signal)) continue
    await worker.query('SELECT pg_advisory_unlock($1, $2)', lock)
    return { state: 'gave way' }
  }
  await worker.query('SELECT pg_advisory_unlock($1, $2)', lock)
  return { state: 'done' }
}

/** False: it was cancelled, for a waiter or by a person. */
async function vacuum({ worker, watcher }: Sessions, leaf: string, signal: AbortSignal): Promise<boolean> {
  const ended = new AbortController()
  const work = worker.query(`VACUUM (TRUNCATE false, SKIP_LOCKED, PARALLEL 0) ${leaf}`).then(
    () => true,
    (error: unknown) => {
      if (classifyError(error) === 'cancelled') return false
      throw error
    },
  )
  // Where nobody sees any more who waits, it must not go on: this rejects, and `run` cancels it from another session.
  const watched = cancelForWaiters(worker, watcher, ended.signal, signal).then(() => work)
  return await Promise.race([work, watched]).finally(() => ended.abort())
}

/** Cancels what `session` runs as soon as anybody waits for it, or `signal` says so. Ends when `ended` does. */
async function cancelForWaiters(
  session: Session,
  watcher: Session,
  ended: AbortSignal,
  signal: AbortSignal,
): Promise<void> {
  while (!ended.aborted) {
    const waiting = await watcher.query(
      `SELECT 1 FROM pg_locks l WHERE NOT l.granted AND $1::int = ANY (pg_blocking_pids(l.pid)) LIMIT 1`,
      [session.backend.id],
    )
    if (waiting.length > 0 || signal.aborted) await cancelBackend(watcher, session.backend)
    await systemClock.sleep(LOOK_EVERY_MS, ended).catch(() => {
      // It has ended: nobody needs to look any more.
    })
  }
}

async function cancelFrom(openSession: () => Promise<Session>, session: Session): Promise<void> {
  const other = await openSession()
  await cancelBackend(other, session.backend).finally(() => other.close())
}

/** Before 17 there is no MAINTAIN: then the owner and the database's owner may (PostgreSQL docs: VACUUM, Notes). */
async function readTable(session: Session, backfill: CompiledBackfill): Promise<TableRow | undefined> {
  const [{ maintain } = { maintain: false }] = await session.query<{ maintain: boolean }>(
    `SELECT current_setting('server_version_num')::int >= 170000 AS maintain`,
  )
  const privilege = maintain ? ` OR has_table_privilege(c.oid, 'MAINTAIN')` : ''
  const [table] = await session.query<TableRow>(
    `SELECT (c.oid::bigint & 2147483647)::int AS key,
       pg_has_role(c.relowner, 'USAGE') OR pg_has_role(d.datdba, 'USAGE')${privilege} AS allowed,
       CASE WHEN c.relkind = 'p'
         THEN ARRAY(SELECT t.relid::regclass::text FROM pg_partition_tree(c.oid) t WHERE t.isleaf)
         ELSE ARRAY[c.oid::regclass::text] END AS leaves
     FROM pg_class c JOIN pg_database d ON d.datname = current_database() WHERE c.oid = to_regclass($1)`,
    [tableName(backfill)],
  )
  return table
}

import { type Backend, EXIT, type LockHolder, type LockName, PhasegateError, type Session } from '@phasegate/core'
import { findTables } from '../catalog/tables-named.js'
import type { Capabilities } from '../server/capabilities.js'
import { errorNumber } from './classify-error.js'
import { LANE_LOCK, lockKey, SESSION_LOCK } from './lane-lock.js'
import { describeSessions, ifAllowed, openTransactions } from './list-sessions.js'
import { anyTableInUse, hasLockPlugin, pluginBlockers, pluginLocksOn } from './metadata-lock-info.js'
import { conflicts, lockOfMode, metadataLockBlockers, metadataLocksOn, rowLockBlockers } from './metadata-locks.js'
import { readProcesses } from './processes.js'

export async function laneLockHolder(session: Session, lock: LockName): Promise<LockHolder | undefined> {
  const [row] = await session.query<{ id: string | number | null }>(`SELECT IS_USED_LOCK(${LANE_LOCK}) AS id`, [
    lockKey(lock),
  ])
  if (row === undefined || row.id === null) return undefined
  const [holder] = await describeSessions(session, [String(row.id)])
  // Nobody else takes a lock of that name, even where the server does not tell what a client calls itself.
  return holder === undefined || holder.application !== '' ? holder : { ...holder, application: 'phasegate' }
}

/** Who keeps this backend waiting; nobody where the account may not see that (`doctor` says so). */
export async function blockersOf(
  session: Session,
  backend: Backend,
  capabilities: Capabilities,
): Promise<readonly LockHolder[]> {
  const ids = capabilities.locksByPlugin
    ? await blockersByTransaction(session, backend.id)
    : [...(await metadataLockBlockers(session, backend.id)), ...(await rowLockBlockers(session, backend.id))]
  return describeSessions(session, [...new Set(ids)])
}

/** MariaDB: row locks are in INNODB_LOCK_WAITS; metadata locks in a plugin, without which any open transaction may be it. */
async function blockersByTransaction(session: Session, id: string): Promise<readonly string[]> {
  // InnoDB reads these tables anew only when nobody asked for 100 ms: asked again sooner they never change (MariaDB source,
  // trx0i_s.cc, CACHE_MIN_IDLE_TIME_NS; measured on 10.11.19).
  await session.query('DO SLEEP(0.11)')
  const rows = await ifAllowed(() =>
    session.query<{ id: string | number }>(
      `SELECT DISTINCT h.trx_mysql_thread_id AS id FROM information_schema.innodb_lock_waits w
       JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_trx_id
       JOIN information_schema.innodb_trx h ON h.trx_id = w.blocking_trx_id WHERE r.trx_mysql_thread_id = ?`,
      [id],
    ),
  )
  if (rows.length > 0) return rows.map((row) => String(row.id))
  if (!/^waiting for table.*lock/i.test(await stateOfSession(session, id))) return []
  if (await hasLockPlugin(session)) return pluginBlockers(session, id)
  return suspects(session, [id])
}

/**
 * Transactions that hold locks on `tables` which a lock of `mode` (as the facts of a step call it) would have to wait for,
 * oldest first.
 *
 * MariaDB without the plugin does not say who holds a table, only whether somebody does; then every open transaction of
 * another session counts as a possible holder, and its `state` says so. Out of sight stay there: LOCK TABLES,
 * transactions that have read no InnoDB table, and what is in the way of a statement that shares the table with others.
 */
export async function holdersOf(
  session: Session,
  tables: readonly string[],
  mode: string,
  capabilities: Capabilities,
): Promise<readonly LockHolder[]> {
  const lock = lockOfMode(mode)
  const found = await findTables(session, tables)
  if (found.length === 0) return []
  if (capabilities.locksByPlugin && !(await hasLockPlugin(session))) {
    // A reader may be what uses the table, and it is in the way of nobody but who wants it whole.
    if (lock !== 'EXCLUSIVE' || (await anyTableInUse(session, found)) === false) return []
    const holders = await describeSessions(session, await suspects(session, []))
    return holders.map((holder) => ({ ...holder, state: `${holder.state}, perhaps the holder` }))
  }
  const held = capabilities.locksByPlugin ? await pluginLocksOn(session, found) : await metadataLocksOn(session, found)
  const ids = held.filter((one) => conflicts(lock, one.mode)).map((one) => one.id)
  return describeSessions(session, [...new Set(ids)])
}

/** Sessions with an open transaction, beside our own and those named. */
async function suspects(session: Session, except: readonly string[]): Promise<readonly string[]> {
  return [...(await openTransactions(session)).keys()].filter((id) => id !== session.backend.id && !except.includes(id))
}

/** A connection id is used again after a restart, a token never; its lock ends with the session, whatever its client does. */
export async function isBackendAlive(session: Session, backend: Backend): Promise<boolean> {
  const [row] = await session.query<{ alive: string | number | null }>(
    `SELECT IS_USED_LOCK(${SESSION_LOCK}) <=> ? AS alive`,
    [backend.startedAt, backend.id],
  )
  return Number(row?.alive) === 1
}

/** Only a session that is surely the one meant. KILL takes no condition: between the two it could end, but not come back. */
export async function cancelBackend(session: Session, backend: Backend): Promise<void> {
  if (await isBackendAlive(session, backend)) await kill(session, 'KILL QUERY', backend)
}

/**
 * As `cancelBackend`, the session with it.
 *
 * @throws `DATABASE.DISK_FULL` where it stands in a COMMIT that does not end: such a one waits for room in the binary log.
 *   MySQL, told to end it, ends itself (`binlog_error_action`), while with room it goes on (seen on 9.7.4)
 */
export async function terminateBackend(session: Session, backend: Backend): Promise<void> {
  for (const until = performance.now() + COMMIT_PATIENCE; await isBackendAlive(session, backend); ) {
    if (!WAITS_FOR_ROOM.test(await stateOfSession(session, backend.id))) return kill(session, 'KILL', backend)
    if (performance.now() > until) throw waitsForRoom(backend)
    await session.query('DO SLEEP(0.05)')
  }
}

/** ms that a COMMIT may take, on a slow disk too, before it is clear that it waits. */
const COMMIT_PATIENCE = 5000

/** MariaDB: "Waiting for someone to free space". MySQL has no word of its own for it (seen on 9.7.4). */
const WAITS_FOR_ROOM = /^waiting for (someone to free space|handler commit)/i

async function stateOfSession(session: Session, id: string): Promise<string> {
  return (await readProcesses(session)).find((process) => process.id === id)?.state ?? ''
}

function waitsForRoom({ id }: Backend): PhasegateError {
  return new PhasegateError({
    code: 'DATABASE.DISK_FULL',
    message: `Session ${id} stands in its COMMIT: most likely the disk of the server has no room for its binary log.`,
    why: 'It was left alone, because a server that is told to end such a session may end itself. While there is no room, nobody can commit.',
    next: [
      'Look in the log of the server, and make room. It looks every 60 seconds and goes on by itself.',
      'Then run the same command again: what is done stays done.',
    ],
    exit: EXIT.failed,
  })
}

async function kill(session: Session, how: 'KILL' | 'KILL QUERY', backend: Backend): Promise<void> {
  try {
    await session.query(`${how} ${BigInt(backend.id)}`)
  } catch (error) {
    // It has ended in between: what was wanted.
    if (errorNumber(error) !== NO_SUCH_THREAD) throw error
  }
}

const NO_SUCH_THREAD = 1094

/** No job of these servers holds a table and gives way to whoever waits for it. */
export async function yieldTime(): Promise<number> {
  return 0
}

import type { LockHolder, Session } from '@phasegate/core'
import { classifyError, errorNumber } from './classify-error.js'
import { type Process, readProcesses } from './processes.js'

/** Seconds that the transaction of `trx` is open; its start is in the server's own zone, whatever the session's is. */
export const TRANSACTION_SECONDS = `TIMESTAMPDIFF(SECOND, trx.trx_started, CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM'))`

/**
 * The sessions of these ids as holders, oldest transaction first. Without the PROCESS privilege a server shows a session
 * those of its own account only; of the others the id is what remains.
 */
export async function describeSessions(session: Session, ids: readonly string[]): Promise<readonly LockHolder[]> {
  if (ids.length === 0) return []
  const processes = await ifAllowed(() => readProcesses(session))
  const transactions = await openTransactions(session)
  const applications = await applicationNames(session, ids)
  const last = await lastStatements(session, ids)
  const holders = ids.map((id): LockHolder => {
    if (id === NO_SESSION) return preparedTransaction(transactions.get(id) ?? 0)
    const process = processes.find((one) => one.id === id)
    const open = transactions.get(id)
    return {
      // Its token is known to itself alone: whom we did not start we do not end.
      backend: { id, startedAt: '' },
      application: applications.get(id) ?? '',
      user: process?.user ?? '',
      client: process?.host ?? '',
      state: stateOf(process, open !== undefined),
      transactionSeconds: open ?? (process?.command === 'Sleep' ? 0 : (process?.seconds ?? 0)),
      query: (process?.info ?? last.get(id) ?? '').slice(0, 300),
      autovacuum: false,
    }
  })
  return holders.sort((a, b) => b.transactionSeconds - a.transactionSeconds)
}

function preparedTransaction(transactionSeconds: number): LockHolder {
  return {
    backend: { id: NO_SESSION, startedAt: '' },
    application: 'a prepared XA transaction without a session',
    user: '',
    client: '',
    state: 'XA RECOVER lists it, XA COMMIT or XA ROLLBACK ends it',
    transactionSeconds,
    query: '',
    autovacuum: false,
  }
}

function stateOf(process: Process | undefined, open: boolean): string {
  if (process === undefined) return 'unknown'
  if (process.command === 'Sleep') return open ? 'idle in transaction' : 'idle'
  return process.state === '' ? process.command.toLowerCase() : process.state
}

/** The id of what has no session: the servers give a prepared XA transaction whose client is gone none, or this one. */
export const NO_SESSION = '0'

/** Sessions with a transaction that InnoDB knows, and for how many seconds; of reads of other engines there is none. */
export async function openTransactions(session: Session): Promise<ReadonlyMap<string, number>> {
  const read = (query: string) => session.query<{ id: string | number; seconds: string | number }>(query)
  const rows = await ifAllowed(() =>
    read(TRANSACTIONS_OF_INNODB).catch((error) => {
      if (errorNumber(error) !== CANNOT_CONVERT) throw error
      return read(TRANSACTIONS_OF_SERVER)
    }),
  )
  return new Map(rows.map((row) => [String(row.id), Math.max(0, Number(row.seconds))]))
}

const TRANSACTIONS_OF_INNODB = `SELECT trx.trx_mysql_thread_id AS id, ${TRANSACTION_SECONDS} AS seconds
  FROM information_schema.innodb_trx trx ORDER BY trx.trx_started DESC`

/** MySQL 9.7.4: `innodb_trx` cannot be read while one of them executes a statement with a character of four bytes in it. */
const CANNOT_CONVERT = 3854
/** `timer_wait` is in picoseconds. */
const TRANSACTIONS_OF_SERVER = `SELECT t.processlist_id AS id, x.timer_wait / 1e12 AS seconds
  FROM performance_schema.events_transactions_current x JOIN performance_schema.threads t ON t.thread_id = x.thread_id
  WHERE x.state = 'ACTIVE' AND t.processlist_id IS NOT NULL ORDER BY seconds`

/** What clients call themselves; kept by performance_schema, which MariaDB has switched off by default. */
export async function applicationNames(session: Session, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await ifAllowed(() =>
    session.query<{ id: string | number; name: string | null }>(
      `SELECT processlist_id AS id, attr_value AS name FROM performance_schema.session_connect_attrs
       WHERE attr_name = 'program_name' AND processlist_id IN (?)`,
      [ids],
    ),
  )
  return new Map(rows.map((row) => [String(row.id), row.name ?? '']))
}

/** What an idle session ran last: most often what its lock comes from. */
async function lastStatements(session: Session, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await ifAllowed(() =>
    session.query<{ id: string | number; text: string | null }>(
      `SELECT t.processlist_id AS id, e.sql_text AS text FROM performance_schema.threads t
       JOIN performance_schema.events_statements_current e ON e.thread_id = t.thread_id WHERE t.processlist_id IN (?)`,
      [ids],
    ),
  )
  return new Map(rows.flatMap((row) => (row.text === null ? [] : [[String(row.id), row.text] as const])))
}

/** Unknown table of information_schema: a plugin that is not installed. */
const NO_SUCH_TABLE = [1109, 1146]

/** Rows of what an account may be forbidden to see, a server not have, or not say in the query's own time: none, then. */
export async function ifAllowed<R>(read: () => Promise<readonly R[]>): Promise<readonly R[]> {
  try {
    return await read()
  } catch (error) {
    const kind = classifyError(error)
    const unread =
      kind === 'permission' || kind === 'statement timeout' || NO_SUCH_TABLE.includes(errorNumber(error) ?? 0)
    if (unread) return []
    throw error
  }
}

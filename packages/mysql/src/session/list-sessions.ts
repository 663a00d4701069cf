import type { LockHolder, Session } from '@phasegate/core'
import { classifyError, errorNumber } from './classify-error.js'

/** Seconds that the transaction of `trx` is open; its start is in the server's own zone, whatever the session's is. */
export const TRANSACTION_SECONDS = `TIMESTAMPDIFF(SECOND, trx.trx_started, CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM'))`

interface SessionRow {
  readonly id: string | number
  readonly user: string | null
  readonly host: string | null
  readonly command: string | null
  readonly state: string | null
  readonly seconds: string | number | null
  readonly info: string | null
  readonly [key: string]: unknown
}

/**
 * The sessions of these ids as holders, oldest transaction first. Without the PROCESS privilege a server shows a session
 * those of its own account only; of the others the id is what remains.
 */
export async function describeSessions(session: Session, ids: readonly string[]): Promise<readonly LockHolder[]> {
  if (ids.length === 0) return []
  const rows = await ifAllowed(() =>
    session.query<SessionRow>(
      `SELECT p.id, p.user, p.host, p.command, p.state, p.time AS seconds, p.info
       FROM information_schema.processlist p WHERE p.id IN (?)`,
      [ids],
    ),
  )
  const transactions = await openTransactions(session)
  const applications = await applicationNames(session, ids)
  const last = await lastStatements(session, ids)
  const holders = ids.map((id): LockHolder => {
    if (id === NO_SESSION) return preparedTransaction(transactions.get(id) ?? 0)
    const row = rows.find((one) => String(one.id) === id)
    const open = transactions.get(id)
    return {
      // Its token is known to itself alone: whom we did not start we do not end.
      backend: { id, startedAt: '' },
      application: applications.get(id) ?? '',
      user: row?.user ?? '',
      client: row?.host ?? '',
      state: stateOf(row, open !== undefined),
      transactionSeconds: open ?? (row?.command === 'Sleep' ? 0 : Number(row?.seconds ?? 0)),
      query: (row?.info ?? last.get(id) ?? '').slice(0, 300),
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

function stateOf(row: SessionRow | undefined, open: boolean): string {
  if (row === undefined) return 'unknown'
  if (row.command === 'Sleep') return open ? 'idle in transaction' : 'idle'
  return row.state === null || row.state === '' ? (row.command ?? 'unknown').toLowerCase() : row.state
}

/** The id of what has no session: the servers give a prepared XA transaction whose client is gone none, or this one. */
export const NO_SESSION = '0'

/** Sessions with a transaction that InnoDB knows, and for how many seconds; of reads of other engines there is none. */
export async function openTransactions(session: Session): Promise<ReadonlyMap<string, number>> {
  const rows = await ifAllowed(() =>
    session.query<{ id: string | number; seconds: string | number }>(
      `SELECT trx.trx_mysql_thread_id AS id, ${TRANSACTION_SECONDS} AS seconds FROM information_schema.innodb_trx trx
       ORDER BY trx.trx_started DESC`,
    ),
  )
  return new Map(rows.map((row) => [String(row.id), Math.max(0, Number(row.seconds))]))
}

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

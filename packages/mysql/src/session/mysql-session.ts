import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Backend, Row, Session, TransactionOptions } from '@phasegate/core'
import { type Connection, type ConnectionOptions, createConnection, type ResultSetHeader } from 'mysql2/promise'
import { capabilitiesOf } from '../server/capabilities.js'
import { type MysqlServer, serverOf } from '../server/mysql-server.js'
import { parseAccount, quoteAccount } from '../sql/account.js'
import { SESSION_LOCK } from './lane-lock.js'
import { type Limitable, runLimitedAlone } from './limits.js'
import { keepOpenSettings, PING_EVERY, SESSION_SETTINGS } from './session-settings.js'
import { withDeadline } from './statement-deadline.js'
import { runTransaction } from './transaction.js'

export interface OpenSession {
  readonly settings: ConnectionOptions
  /** Shown in performance_schema.session_connect_attrs, so that a person sees who holds a lock. */
  readonly programName: string
  /** ms */
  readonly connectTimeout: number
}

/** What the server said at login, beside what it says now: they differ where a proxy stands in between. */
export interface MysqlSession extends Session {
  readonly server: MysqlServer
  /** As the server says it: `10.11.19-MariaDB-log`. */
  readonly serverVersion: string
  readonly database: string
  /** Who we are to the server, for a GRANT: `` `app`@`%` ``. */
  readonly account: string
  /** The id that the login was answered with; of a long-lived server its lower 32 bits. */
  readonly loginBackendId: number
  /** Takes limits off that would end the session that holds our lock, and keeps it from idling. After the proxy check. */
  keepOpen(): Promise<void>
}

/** SERVER_STATUS_IN_TRANS (MySQL Source Code Documentation, "Status Flags"): a transaction is open. */
const IN_TRANSACTION = 1

/** Opens one connection of our own. Rejects with what mysql2 says; the target translates it. */
export async function openMysqlSession(options: OpenSession): Promise<MysqlSession> {
  const connection = await connect(options)
  // An idle connection that dies raises 'error'; the next query rejects with it, which is where it counts.
  connection.on('error', () => {})
  try {
    for (const statement of SESSION_SETTINGS) await connection.query(statement)
    return createSession(connection, await readLogin(connection), options)
  } catch (error) {
    connection.destroy()
    throw error
  }
}

function connect({ settings, programName, connectTimeout }: OpenSession): Promise<Connection> {
  return createConnection({
    ...settings,
    connectTimeout,
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
    multipleStatements: false,
    charset: 'utf8mb4',
    timezone: 'Z',
    // Numbers beyond 2^53 and microseconds survive as text; JSON is text on MariaDB, so it is on MySQL too.
    supportBigNumbers: true,
    bigNumberStrings: true,
    decimalNumbers: false,
    dateStrings: true,
    jsonStrings: true,
    typeCast: true,
    rowsAsArray: false,
    nestTables: false,
    namedPlaceholders: false,
    // An object as a value would be written as `key = value`.
    stringifyObjects: true,
    connectAttributes: { program_name: programName },
  })
}

interface Login {
  readonly id: string
  readonly token: string
  readonly version: string
  readonly comment: string
  readonly database: string
  readonly account: string
}

/** The token's lock says of our session that it lives: anybody may ask who holds it, and only we can have taken it. */
async function readLogin(connection: Connection): Promise<Login> {
  const token = randomBytes(12).toString('hex')
  const [rows] = await connection.query<(Login & { taken: number | string; constructor: { name: 'RowDataPacket' } })[]>(
    `SELECT CONNECTION_ID() AS id, VERSION() AS version, @@version_comment AS comment, DATABASE() AS \`database\`,
       CURRENT_USER() AS account, GET_LOCK(${SESSION_LOCK}, 0) AS taken`,
    [token],
  )
  const row = rows[0]
  if (row === undefined || Number(row.taken) !== 1)
    throw new Error('the server did not give our session a lock of its own')
  return { ...row, id: String(row.id), token }
}

function createSession(connection: Connection, login: Login, options: OpenSession): MysqlSession {
  const server = serverOf(login.version, login.comment)
  const capabilities = capabilitiesOf(server)
  const backend: Backend = { id: login.id, startedAt: login.token }
  let running = 0
  let failures = 0
  let inTransaction = false
  /** ms that one statement may take; 0: no limit. */
  let limit = 0
  let pings: NodeJS.Timeout | undefined

  const send = async <R extends Row>(text: string, values?: readonly unknown[]): Promise<readonly R[]> => {
    running++
    try {
      // The text protocol: not every DDL statement can be prepared, and values are of the same type whichever way.
      const [result] = values === undefined ? await connection.query(text) : await connection.query(text, [...values])
      const last = headerOf(result)
      if (last !== undefined) inTransaction = (last.serverStatus & IN_TRANSACTION) !== 0
      return rowsOf<R>(result)
    } catch (error) {
      failures++
      throw error
    } finally {
      running--
    }
  }
  const query = async <R extends Row>(text: string, values?: readonly unknown[]): Promise<readonly R[]> => {
    if (limit === 0) return send<R>(text, values)
    const kill = capabilities.statementTimeout ? undefined : () => killQuery(options, backend.id)
    return withDeadline(limit, kill, () => send<R>(text, values))
  }
  const limitable: Limitable = {
    query,
    inTransaction: () => inTransaction,
    failures: () => failures,
    limitsStatements: capabilities.statementTimeout,
    setStatementLimit: (ms) => {
      limit = ms
    },
  }
  return {
    backend,
    server,
    serverVersion: login.version,
    database: login.database,
    account: quoteAccount(parseAccount(login.account)),
    loginBackendId: connection.threadId,
    query,
    keepOpen: async () => {
      await query(keepOpenSettings(capabilities.statementTimeout))
      pings ??= setInterval(() => {
        // A connection that is gone says so with the next statement.
        if (running === 0) void connection.ping().catch(() => {})
      }, PING_EVERY).unref()
    },
    transaction: (limits: TransactionOptions, work) => runTransaction(limitable, limits, work),
    limited: (limits: TransactionOptions, work) => runLimitedAlone(limitable, login.database, limits, work),
    close: async () => {
      clearInterval(pings)
      // Behind a statement that still runs a farewell would wait for its end. mysql2's `destroy` would leave the statement
      // pending for ever, and the socket open as long as the server is at it; without its socket it rejects.
      if (running > 0) return void socketOf(connection).destroy()
      // A connection that is already gone cannot be ended, and there is nothing left to give back.
      await connection.end().catch(() => {})
      // The server hangs up. One that is not reachable any more never does, and would keep this process alive.
      setTimeout(() => socketOf(connection).destroy(), 2000).unref()
    },
  }
}

/** From a connection of its own, since ours is busy with the statement. */
async function killQuery(options: OpenSession, id: string): Promise<void> {
  const connection = await connect({ ...options, programName: `${options.programName} (time limit)` })
  connection.on('error', () => {})
  try {
    await connection.query(`KILL QUERY ${Number(id)}`)
  } finally {
    connection.destroy()
  }
}

function socketOf(connection: Connection): Socket {
  return (connection as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream
}

/** The answer of a statement without rows; of a CALL the last of its answers. */
function headerOf(result: unknown): ResultSetHeader | undefined {
  const last: unknown = Array.isArray(result) ? result.at(-1) : result
  const isHeader = typeof last === 'object' && last !== null && 'serverStatus' in last && 'affectedRows' in last
  return isHeader ? (last as ResultSetHeader) : undefined
}

/** Rows of a statement; of a CALL those of its last SELECT. */
function rowsOf<R extends Row>(result: unknown): readonly R[] {
  if (!Array.isArray(result)) return []
  if (headerOf(result) === undefined) return result as R[]
  return (result.filter((one) => Array.isArray(one)).at(-1) ?? []) as R[]
}

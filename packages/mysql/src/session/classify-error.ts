import type { ErrorKind } from '@phasegate/core'
import { RowTooLarge } from './packet.js'

/** The server's number of an error; undefined where the client raised it (then `errno` is the system's, negative). */
export function errorNumber(error: unknown): number | undefined {
  const errno = typeof error === 'object' && error !== null && 'errno' in error ? error.errno : undefined
  return typeof errno === 'number' && errno > 0 ? errno : undefined
}

/** SQLSTATE of an error from the server; undefined where the client raised it. */
export function sqlState(error: unknown): string | undefined {
  const state = typeof error === 'object' && error !== null && 'sqlState' in error ? error.sqlState : undefined
  return errorNumber(error) !== undefined && typeof state === 'string' ? state : undefined
}

/** Interruptions that our own limit caused: to the server they are a KILL QUERY like any other. */
const OURS = new WeakSet<object>()

/** Says of an interruption (1317) that a statement timeout of ours was its cause. */
export function markStatementTimeout(error: unknown): void {
  if (typeof error === 'object' && error !== null && errorNumber(error) === INTERRUPTED) OURS.add(error)
}

/** ER_QUERY_INTERRUPTED: KILL QUERY; on MariaDB also max_statement_time within an INPLACE build (measured on 10.11.19). */
const INTERRUPTED = 1317

const KINDS: readonly (readonly [ErrorKind, readonly number[]])[] = [
  // 3572: NOWAIT of MySQL; MariaDB's is 1205.
  ['lock timeout', [1205, 3572]],
  ['deadlock', [1213, 1614, 3058]],
  // Record has changed since last read: MariaDB with innodb_snapshot_isolation.
  ['serialization', [1020]],
  ['statement timeout', [1969, 3024]],
  ['cancelled', [INTERRUPTED]],
  ['connection', [1053, 1077, 1080, 1152, 1153, 1158, 1159, 1160, 1161, 1184, 2003, 2006, 2013, 3169]],
  ['authentication', [1045, 1129, 1130, 1251, 1524, 1698, 1820, 1862, 3118, 3159, 4151]],
  ['no database', [1049]],
  ['permission', [1044, 1095, 1142, 1143, 1227, 1370, 1410, 1419]],
  ['read only', [1792, 1836, 3100]],
  ['too many connections', [1040, 1203, 1226]],
  // 1114, "The table is full": no room for its file, nor for the file of a temporary table.
  ['disk full', [1021, 1114]],
  // ALGORITHM or LOCK is not supported for this operation.
  ['not supported', [1845, 1846]],
  // One row cannot be what the statement wants it to be.
  ['row', [1048, 1062, 1138, 1263, 1264, 1265, 1292, 1365, 1366, 1367, 1406, 1411, 1416, 1441, 1451, 1452]],
  ['row', [1216, 1217, 1301, 1526, 1557, 1586, 1644, 1690, 1761, 1762, 3140, 3156, 3819]],
]

const BY_NUMBER: ReadonlyMap<number, ErrorKind> = new Map(
  KINDS.flatMap(([kind, numbers]) => numbers.map((number) => [number, kind] as const)),
)

const NO_SPACE = /\b(error|errno:?|errcode:?) 28\b|no space left on device/i

/** Numbers that the two families gave away twice, or that a server uses for several things: the message decides. */
const BY_MESSAGE: ReadonlyMap<number, readonly [RegExp, ErrorKind]> = new Map([
  // Option prevents statement: --read-only among others (--secure-file-priv, --skip-grant-tables).
  [1290, [/read.only/i, 'read only']],
  // MariaDB: connection was killed.
  [1927, [/killed/i, 'connection']],
  // MySQL: disconnected because of inactivity; MariaDB: a referenced trigger is not there.
  [4031, [/disconnected/i, 'connection']],
  // Writing a file, or what the storage engine says: 28 is the system's ENOSPC.
  [3, [NO_SPACE, 'disk full']],
  [1026, [NO_SPACE, 'disk full']],
  [1030, [NO_SPACE, 'disk full']],
  // MariaDB: CONSTRAINT `c` failed.
  [4025, [/^CONSTRAINT /i, 'row']],
])

const NETWORK = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'PROTOCOL_PACKETS_OUT_OF_ORDER',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
])

/** What mysql2 says on a connection that it already gave up; anchored, since other errors quote what others say. */
const MYSQL2_LOST =
  /^(Can't add new command when connection is in closed state|Can't write in closed state|Connection lost)/i

/** mysql2's own words where the two sides cannot agree on a login. */
const MYSQL2_LOGIN = new Set(['AUTH_SWITCH_PLUGIN_ERROR', 'HANDSHAKE_NO_SSL_SUPPORT', 'HANDSHAKE_SSL_ERROR'])

/**
 * What a database error means for what we do next, by the server's number (MySQL Error Message Reference; MariaDB Error
 * Codes) or, where the connection itself failed, by what node and mysql2 say.
 */
export function classifyError(error: unknown): ErrorKind {
  if (error instanceof RowTooLarge) return 'row'
  const number = errorNumber(error)
  const message = error instanceof Error ? error.message : String(error)
  if (number !== undefined) {
    if (typeof error === 'object' && error !== null && OURS.has(error)) return 'statement timeout'
    const byMessage = BY_MESSAGE.get(number)
    if (byMessage?.[0].test(message)) return byMessage[1]
    return BY_NUMBER.get(number) ?? 'statement'
  }
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  // A file that a function of the author misses is no socket.
  const ofSocket = code !== 'ENOENT' || (error as { syscall?: unknown }).syscall === 'connect'
  if (NETWORK.has(code) && ofSocket) return 'connection'
  if (MYSQL2_LOST.test(message)) return 'connection'
  if (MYSQL2_LOGIN.has(code)) return 'authentication'
  if (error instanceof AggregateError)
    return error.errors.some((one) => classifyError(one) === 'connection') ? 'connection' : 'statement'
  return 'statement'
}

/** mysql2's and node's words for a connection that failed. */
const CONNECTION_FAILED: readonly ErrorKind[] = ['connection', 'authentication']

/** Did the server raise it, or is it the connection to it that failed? Everything else is our own. */
export function isDatabaseError(error: unknown): boolean {
  return errorNumber(error) !== undefined || CONNECTION_FAILED.includes(classifyError(error))
}

import { expect, test } from 'vitest'
import { classifyError, isDatabaseError, markStatementTimeout } from './classify-error.js'

/** As mysql2 raises what the server said. */
const said = (errno: number, message = 'said'): Error => Object.assign(new Error(message), { errno, sqlState: 'HY000' })

test.each([
  [1205, 'said', 'lock timeout'],
  [3572, 'said', 'lock timeout'],
  [1213, 'said', 'deadlock'],
  [1020, 'said', 'serialization'],
  [1969, 'said', 'statement timeout'],
  [3024, 'said', 'statement timeout'],
  [1317, 'said', 'cancelled'],
  [1053, 'said', 'connection'],
  [1927, 'Connection was killed', 'connection'],
  [4031, 'The client was disconnected by the server because of inactivity.', 'connection'],
  [4031, 'Referenced trigger does not exist', 'statement'],
  [4025, 'CONSTRAINT `c` failed for `shop`.`t`', 'row'],
  [1290, 'The MariaDB server is running with the --read-only option so it cannot', 'read only'],
  [1290, 'The MySQL server is running with the --secure-file-priv option so it cannot', 'statement'],
  [1045, 'said', 'authentication'],
  [1044, 'said', 'permission'],
  [1419, 'said', 'permission'],
  [1049, 'said', 'no database'],
  [1040, 'said', 'too many connections'],
  [1062, 'said', 'row'],
  [1366, 'said', 'row'],
  [1301, 'Result of repeat() was larger than max_allowed_packet (16777216) - truncated', 'row'],
  [3819, 'said', 'row'],
  // Ambiguous column: of SQLSTATE 23000 like a duplicate key, and no matter of a row.
  [1052, 'said', 'statement'],
  [1146, 'said', 'statement'],
  [1846, 'said', 'not supported'],
  [1114, "The table 'items' is full", 'disk full'],
  [1021, 'said', 'disk full'],
  [3, `Error writing file './binlog.000001' (Errcode: 28 "No space left on device")`, 'disk full'],
  [1026, `Error writing file 'binlog' (errno: 28 - No space left on device)`, 'disk full'],
  [1030, 'Got error 28 from storage engine', 'disk full'],
  [1030, 'Got error 128 from storage engine', 'statement'],
] as const)('%s %s is %s', (errno, message, kind) => {
  expect(classifyError(said(errno, message))).toBe(kind)
  expect(isDatabaseError(said(errno, message))).toBe(true)
})

test('an interruption is a statement timeout where it was ours', () => {
  const error = said(1317)
  markStatementTimeout(error)
  expect(classifyError(error)).toBe('statement timeout')
  const other = said(1205)
  markStatementTimeout(other)
  expect(classifyError(other)).toBe('lock timeout')
})

test.each([
  [Object.assign(new Error('connect'), { code: 'ECONNREFUSED', errno: -111 }), 'connection'],
  [Object.assign(new Error('lost'), { code: 'PROTOCOL_CONNECTION_LOST', fatal: true }), 'connection'],
  [new Error("Can't add new command when connection is in closed state"), 'connection'],
  [new AggregateError([Object.assign(new Error('a'), { code: 'ETIMEDOUT' })]), 'connection'],
  [Object.assign(new Error('no TLS'), { code: 'HANDSHAKE_NO_SSL_SUPPORT' }), 'authentication'],
] as const)('what mysql2 and node say of a connection: %s', (error, kind) => {
  expect(classifyError(error)).toBe(kind)
  expect(isDatabaseError(error)).toBe(true)
})

test('an error of the author is none of the database', () => {
  const missing = Object.assign(new Error('no such file'), { code: 'ENOENT', errno: -2, syscall: 'open' })
  for (const error of [missing, new Error('He said: Connection lost'), 'text', undefined]) {
    expect(classifyError(error)).toBe('statement')
    expect(isDatabaseError(error)).toBe(false)
  }
})

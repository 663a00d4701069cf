/**
 * What every session of ours begins with, whatever server, account or `init_connect` say. Two statements, since a server
 * has no other form for the second.
 */
export const SESSION_SETTINGS: readonly string[] = [
  [
    'SET NAMES utf8mb4',
    // A CAST to CHAR has the connection's collation, and compared with a column of another one it is error 1267: so ours is
    // the database's, which most columns have.
    `collation_connection = IF(@@character_set_database = 'utf8mb4', @@collation_database, @@collation_connection)`,
    // Strict, so that a value that does not fit is an error and NULL never turns into 0; and without ANSI_QUOTES,
    // PIPES_AS_CONCAT, NO_BACKSLASH_ESCAPES, so that statements mean what our tokens say. Not NO_ZERO_DATE: with it an ALTER
    // of a table that has such a default is error 1067.
    // MariaDB alone has NO_AUTO_CREATE_USER, without which a GRANT to a name that is not there makes an account without a
    // password.
    `sql_mode = CONCAT('STRICT_TRANS_TABLES,STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' /*M! , ',NO_AUTO_CREATE_USER' */)`,
    `time_zone = '+00:00'`,
    // The journal counts on a statement outside a transaction being committed, and COMMIT on doing just that.
    'autocommit = 1',
    'completion_type = 0',
    'foreign_key_checks = 1',
    'unique_checks = 1',
    // A batch's UPDATE is bounded by its own condition.
    'sql_safe_updates = 0',
    'sql_select_limit = DEFAULT',
  ].join(', '),
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE',
]

/** Seconds without a statement after which the server ends a session of ours. */
export const IDLE_LIMIT = 300

/** ms between the pings that keep an idle session of ours below that. */
export const PING_EVERY = 60_000

/**
 * Limits that an account or the server sets are taken off: they would end the session that holds our lock, or a build that
 * has no transaction to set its own in. Neither family lets a client choose TCP keepalives, so that of a client which is
 * gone without a word (a machine that lost its power) the server learns by the idle limit alone: short, and kept off by
 * pings.
 *
 * @param limitsStatements has the server `max_statement_time`? Else its `max_execution_time` is of SELECT alone
 */
export function keepOpenSettings(limitsStatements: boolean): string {
  const limit = limitsStatements ? 'max_statement_time = 0' : 'max_execution_time = 0'
  return `SET SESSION wait_timeout = ${IDLE_LIMIT}, net_read_timeout = 60, net_write_timeout = 60, ${limit},
    ${lockLimits(0)}`
}

/** The most that the servers take: a year of waiting for a table, three of waiting for a row. */
const LONGEST = { table: 31_536_000, row: 100_000_000 }

/**
 * Assignments of a SET SESSION for waits on tables and on rows. Both count whole seconds and begin at 1 (MySQL Reference
 * Manual, `lock_wait_timeout`; measured: MySQL makes 1 of 0, MariaDB takes 0 as "not at all").
 *
 * @param lockTimeout ms; 0 is no limit
 */
export function lockLimits(lockTimeout: number): string {
  const seconds = Math.max(1, Math.ceil(wholeMs(lockTimeout) / 1000))
  const table = lockTimeout === 0 ? LONGEST.table : Math.min(seconds, LONGEST.table)
  const row = lockTimeout === 0 ? LONGEST.row : Math.min(seconds, LONGEST.row)
  return `lock_wait_timeout = ${table}, innodb_lock_wait_timeout = ${row}`
}

export function wholeMs(value: number): number {
  if (!Number.isInteger(value) || value < 0) throw new Error(`a timeout is a whole number of ms, not ${value}`)
  return value
}

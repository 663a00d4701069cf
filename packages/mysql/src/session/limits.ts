import type { Row, TransactionOptions } from '@phasegate/core'
import { lockLimits, wholeMs } from './session-settings.js'

/** What limits and transactions need of a session. */
export interface Limitable {
  query<R extends Row>(text: string, values?: readonly unknown[]): Promise<readonly R[]>
  /** Is a transaction open, as the server's last answer to a statement without rows said? */
  inTransaction(): boolean
  /** Statements that failed so far. */
  failures(): number
  /** Has the server `max_statement_time`? Else the client ends what takes too long. */
  readonly limitsStatements: boolean
  /** Tells the session what one statement may take from now on, in ms; 0: no limit. */
  setStatementLimit(ms: number): void
}

/**
 * Runs `work` with these limits on each of its statements, and puts back what was there before: both families know them
 * for a session only, not for a transaction. Neither SET ends a transaction.
 */
export async function runLimited<T>(
  session: Limitable,
  { lockTimeout, statementTimeout }: TransactionOptions,
  work: () => Promise<T>,
): Promise<T> {
  const keep = session.limitsStatements ? ', @phasegate_statement = @@SESSION.max_statement_time' : ''
  const limit = session.limitsStatements ? `, max_statement_time = ${wholeMs(statementTimeout) / 1000}` : ''
  const putBack = session.limitsStatements ? ', max_statement_time = @phasegate_statement' : ''
  await session.query(
    `SET @phasegate_table = @@SESSION.lock_wait_timeout, @phasegate_row = @@SESSION.innodb_lock_wait_timeout${keep},
       SESSION ${lockLimits(lockTimeout)}${limit}`,
  )
  session.setStatementLimit(wholeMs(statementTimeout))
  try {
    return await work()
  } finally {
    session.setStatementLimit(0)
    // On a connection that is gone there is nothing to put back, and the error of `work` is the one that counts.
    await session
      .query(`SET SESSION lock_wait_timeout = @phasegate_table, innodb_lock_wait_timeout = @phasegate_row${putBack}`)
      .catch(() => {})
  }
}

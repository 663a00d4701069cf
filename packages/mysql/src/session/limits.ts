import type { Row, TransactionOptions } from '@phasegate/core'
import { mysqlQuoting } from '../quoting.js'
import { classifyError } from './classify-error.js'
import { lockLimits, SESSION_SETTINGS, wholeMs } from './session-settings.js'

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

/** ms beyond the lock timeout: of two that end together the server would name the wrong one, and so would we. */
const AFTER_LOCK = 300

/** ms until a wait for a lock is over for sure; whole seconds, as the server counts them. */
function lastsFor(lockTimeout: number): number {
  return lockTimeout === 0 ? 0 : Math.ceil(lockTimeout / 1000) * 1000 + AFTER_LOCK
}

/**
 * `runLimited` outside any transaction. Afterwards the session is what it was when it began, also where `work` is an author's
 * function that switched foreign keys off, turned to another database or left tables locked.
 */
export async function runLimitedAlone<T>(
  session: Limitable,
  database: string,
  options: TransactionOptions,
  work: () => Promise<T>,
): Promise<T> {
  const putBack = async (): Promise<void> => {
    for (const statement of ['UNLOCK TABLES', `USE ${mysqlQuoting.identifier([database])}`, ...SESSION_SETTINGS])
      await session.query(statement)
  }
  let done = false
  let result!: T
  try {
    await runLimited(session, options, async () => {
      result = await work()
      done = true
    })
    await putBack()
  } catch (error) {
    await session.query(restoring(session)).catch(() => {})
    await putBack().catch(() => {})
    // A KILL QUERY that came late: what is done must not be taken for refused.
    if (!done || classifyError(error) !== 'cancelled') throw error
  }
  return result
}

/** Puts back what `runLimited` found. */
function restoring({ limitsStatements }: Limitable): string {
  const statement = limitsStatements ? ', max_statement_time = @phasegate_statement' : ''
  return `SET SESSION lock_wait_timeout = @phasegate_table, innodb_lock_wait_timeout = @phasegate_row${statement}`
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
  const statementLimit = statementTimeout === 0 ? 0 : Math.max(wholeMs(statementTimeout), lastsFor(lockTimeout))
  const limit = session.limitsStatements ? `, max_statement_time = ${statementLimit / 1000}` : ''
  await session.query(
    `SET @phasegate_table = @@SESSION.lock_wait_timeout, @phasegate_row = @@SESSION.innodb_lock_wait_timeout${keep},
       SESSION ${lockLimits(lockTimeout)}${limit}`,
  )
  session.setStatementLimit(statementLimit)
  const restore = async (): Promise<void> => {
    session.setStatementLimit(0)
    await session.query(restoring(session))
  }
  let result: T
  try {
    result = await work()
  } catch (error) {
    // On a connection that is gone there is nothing to put back, and the error of `work` is the one that counts.
    await restore().catch(() => {})
    throw error
  }
  // Killed between `work` and here: a transaction must not take that for a statement of `work` that failed.
  await restore()
  return result
}

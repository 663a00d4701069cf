import { EXIT, PhasegateError, type TransactionOptions } from '@phasegate/core'
import { type Limitable, runLimited } from './limits.js'

/**
 * Runs `work` in a transaction and rolls back on any error. The limits are taken off before COMMIT: one that was cut short
 * would leave nobody knowing whether it happened.
 *
 * @throws `DATABASE.ROLLED_BACK` where a statement failed and `work` went on; `DATABASE.TRANSACTION_ENDED` where a statement
 *   of `work` committed (DDL) or ended the transaction
 */
export async function runTransaction<T>(
  session: Limitable,
  options: TransactionOptions,
  work: () => Promise<T>,
): Promise<T> {
  const failuresBefore = session.failures()
  await session.query('START TRANSACTION')
  let result: T
  try {
    result = await runLimited(session, options, work)
    // A lock timeout (1205) rolls its statement back and a deadlock (1213) everything: what is left is not what was meant.
    if (session.failures() > failuresBefore) throw rolledBack()
    if (!session.inTransaction()) throw ended()
  } catch (error) {
    // The first error is what counts; a connection that cannot roll back any more has been rolled back by the server.
    await session.query('ROLLBACK').catch(() => {})
    throw error
  }
  await session.query('COMMIT')
  return result
}

function rolledBack(): PhasegateError {
  return new PhasegateError({
    code: 'DATABASE.ROLLED_BACK',
    message: 'The transaction was rolled back because one of its statements had failed.',
    next: ['Run the same command again.'],
    exit: EXIT.failed,
  })
}

function ended(): PhasegateError {
  return new PhasegateError({
    code: 'DATABASE.TRANSACTION_ENDED',
    message: 'The transaction was over before it was committed.',
    why: 'A statement in it commits by itself (DDL does on this server), so that what ran before it stands.',
    next: ['Write statements that commit by themselves as steps of their own.'],
    exit: EXIT.failed,
  })
}

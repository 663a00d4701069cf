import type { CompiledStep } from '@phasegate/core'
import { concernsExisting, makesOthersWait } from '../existing.js'
import { isProvenNotNull, isSetNotNull } from '../proves-not-null.js'
import { type Rule, type StepContext, withDialectsWords } from '../rule.js'
import { columnNotNullScan } from './column-not-null-scan.js'
import { indexNotConcurrent } from './index-not-concurrent.js'

/**
 * PostgreSQL docs: Explicit Locking, and ALTER TABLE, Notes, on NOT VALID and VALIDATE. MySQL Reference Manual: Online DDL
 * Operations (what takes LOCK=SHARED).
 */
export const tableLockedScan: Rule = {
  id: 'TABLE.LOCKED_SCAN',
  check: (context) => {
    const { mode, tables, duration, blocks } = context.step.facts.lock
    if ((duration !== 'scan' && duration !== 'build') || !makesOthersWait(context.step)) return undefined
    if (locksRowsOnly(context.step) || isSaidAlready(context) || isProven(context)) return undefined
    const does = duration === 'build' ? 'builds an index of' : 'reads all of'
    return {
      severity: 'error',
      message: `The statement ${does} ${tables.join(', ') || 'a table'} under the lock ${mode}.`,
      why: `${blocks === 'writes' ? 'Writes' : 'Reads and writes'} wait for as long as that takes.`,
      instead: withDialectsWords(
        'ops.addCheck, ops.addForeignKey or ops.addUnique, or the statement without -- verbatim: they check the rows, or build the index, beside traffic.',
        context.step.facts.lock,
      ),
    }
  },
}

/** UPDATE and DELETE keep others from rows, not from the table; PHASE.WRITES judges them. */
function locksRowsOnly({ facts }: CompiledStep): boolean {
  const changes = facts.changes.filter((change) => change.action !== 'read')
  return changes.length > 0 && changes.every((change) => change.action === 'write')
}

/** A rule that knows more has found it; one statement needs one allow. */
function isSaidAlready(context: StepContext): boolean {
  return [indexNotConcurrent, columnNotNullScan].some((rule) => rule.check(context) !== undefined)
}

/** The facts of SET NOT NULL by itself say scan; after a validated check there is none. */
function isProven(context: StepContext): boolean {
  const changes = context.step.facts.changes.filter((change) => change.action !== 'read' && concernsExisting(change))
  return changes.length > 0 && changes.every((change) => isSetNotNull(change) && isProvenNotNull(context, change))
}

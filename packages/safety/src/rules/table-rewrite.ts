import { makesOthersWait } from '../existing.js'
import { type Rule, withDialectsWords } from '../rule.js'

/**
 * PostgreSQL docs: ALTER TABLE, Notes, on which forms rewrite the table. MySQL Reference Manual: Online DDL Operations
 * (ALGORITHM=COPY).
 */
export const tableRewrite: Rule = {
  id: 'TABLE.REWRITE',
  check: ({ step }) => {
    if (step.facts.lock.duration !== 'rewrite' || !makesOthersWait(step)) return undefined
    const { tables, mode, blocks } = step.facts.lock
    return {
      severity: 'error',
      message: `The statement rewrites ${tables.join(', ') || 'a table'} under the lock ${mode}.`,
      why: `${blocks === 'writes' ? 'Writes' : 'Reads and writes'} wait until every row and every index was written anew, and the disk holds both copies.`,
      instead: withDialectsWords(
        'Add a new column in expand, keep it equal with sync, fill it in backfill, drop the old column in contract. For a volatile default: add the column without it, set the default, backfill.',
        step.facts.lock,
      ),
    }
  },
}

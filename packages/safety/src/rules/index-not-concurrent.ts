import { type Change, describeObject } from '@phasegate/core'
import { concernsExisting, makesOthersWait } from '../existing.js'
import { type Rule, withDialectsWords } from '../rule.js'

/** PostgreSQL docs: CREATE INDEX, "Building Indexes Concurrently". */
export const indexNotConcurrent: Rule = {
  id: 'INDEX.NOT_CONCURRENT',
  check: ({ step }) => {
    // `instant`: an index ON ONLY a partitioned table builds nothing.
    if (step.facts.lock.duration === 'instant' || !makesOthersWait(step)) return undefined
    // The index of a new UNIQUE or PRIMARY KEY is TABLE.LOCKED_SCAN, which knows the way for constraints.
    if (step.facts.changes.some((each) => each.action === 'create' && each.object.type === 'constraint'))
      return undefined
    const change = step.facts.changes.find(
      (each) => buildsIndex(each) && each.concurrently !== true && concernsExisting(each),
    )
    if (change === undefined) return undefined
    const blocked = step.facts.lock.blocks === 'writes' ? 'Every write to the table waits' : 'Reads and writes wait'
    return {
      severity: 'error',
      message: `${change.what} builds ${describeObject(change.object)} while others wait.`,
      why: `${blocked} until the whole index is built.`,
      instead: withDialectsWords(
        change.what === 'reindex'
          ? 'REINDEX … CONCURRENTLY.'
          : 'ops.createIndex(table, columns), or the statement without -- verbatim: both build it beside traffic where the server can.',
        step.facts.lock,
      ),
    }
  },
}

function buildsIndex(change: Change): boolean {
  return (change.action === 'create' && change.object.type === 'index') || change.what === 'reindex'
}

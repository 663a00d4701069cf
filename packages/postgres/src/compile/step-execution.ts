import type { StatementFacts, StepExecution } from '@phasegate/core'
import type { ParsedStatement } from '../parse/parse-statements.js'
import { concurrentIndex, dropIndexProbe, indexCleanup, indexProbe } from './concurrent-index.js'

/**
 * How a statement runs, read from the statement itself and never declared by hand. What cannot be in a transaction runs
 * alone and watched, since a lock timeout would apply to its waits for other transactions and leave an invalid index.
 * What reads or writes a whole table has no statement timeout; all else is over in an instant or gives way.
 */
export function stepExecution(statement: ParsedStatement, facts: StatementFacts): StepExecution {
  if (facts.transactional) return { mode: 'transaction', timeouts: isInstant(facts) ? 'short' : 'online' }
  const index = concurrentIndex(statement)
  if (index?.name !== undefined) {
    const named = { ...index, name: index.name }
    return {
      mode: 'alone',
      timeouts: 'watched',
      probe: indexProbe(named, statement.text),
      adopts: true,
      cleanup: indexCleanup(named),
    }
  }
  const probe = dropIndexProbe(statement)
  return { mode: 'alone', timeouts: 'watched', ...(probe === undefined ? {} : { probe, adopts: true as const }) }
}

/** A foreign key of a new table looks at no row, and yet it holds a lock on the table that it references. */
function isInstant({ lock, changes }: StatementFacts): boolean {
  if (lock.duration === 'instant') return true
  return lock.blocks !== 'nothing' && changes.every((change) => change.onNew || change.action === 'read')
}

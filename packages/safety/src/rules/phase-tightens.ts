import { type Change, describeObject } from '@phasegate/core'
import { concernsExisting } from '../existing.js'
import { isSetNotNull } from '../proves-not-null.js'
import type { Rule } from '../rule.js'

/**
 * NOT VALID is safe for locks and not for running code: it is enforced for new rows at once (PostgreSQL docs: ALTER
 * TABLE, "ADD table_constraint [ NOT VALID ]").
 */
export const phaseTightens: Rule = {
  id: 'PHASE.TIGHTENS',
  check: ({ unit, step }) => {
    if (unit.id.phase !== 'expand') return undefined
    const change = step.facts.changes.find(
      (each) => each.tightens && !each.destroys && concernsExisting(each) && !isOnNewColumn(each),
    )
    if (change === undefined) return undefined
    const adds = change.onNewColumn === true || (change.action === 'create' && change.object.type === 'column')
    return {
      severity: 'error',
      message: `${change.what} on ${describeObject(change.object)} tightens an existing table in expand.`,
      why: 'Rows that the running code still writes would be rejected from this moment on, even where those that are there are not checked.',
      instead: adds
        ? 'Add the column nullable or with a default; make it NOT NULL in contract.'
        : 'Move the statement to contract (-- phase: contract), after the code that writes such rows is gone.',
    }
  },
}

/**
 * On a new column a constraint rejects nothing that the old code writes, since that leaves the column null. Unless it is
 * required: every INSERT of the old code leaves it out (and with a default the dialect does not call that tightening).
 */
function isOnNewColumn(change: Change): boolean {
  const required = isSetNotNull(change) || (change.action === 'create' && change.object.type === 'column')
  return change.onNewColumn === true && !required
}

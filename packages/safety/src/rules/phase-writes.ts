import { type Change, describeObject, type Phase } from '@phasegate/core'
import { concernsExisting } from '../existing.js'
import type { Rule } from '../rule.js'

export const phaseWrites: Rule = {
  id: 'PHASE.WRITES',
  check: ({ unit, step }) => {
    const change = step.facts.changes.find((each) => writesRows(each, unit.id.phase) && concernsExisting(each))
    if (change === undefined) return undefined
    const inserts = /^insert\b/i.test(change.what)
    return {
      severity: inserts ? 'warning' : 'error',
      message: `${change.what} writes rows of ${describeObject(change.object)} in ${unit.id.phase}.`,
      why: inserts
        ? 'All rows are inserted in one transaction; INSERT … SELECT of a large table holds it open for long.'
        : 'All rows stay locked until the one statement ends, the table grows by as much, and nothing can be paused or resumed.',
      instead: inserts
        ? "Keep it for a few rows (allow('PHASE.WRITES', reason, …)); fill large tables in backfill."
        : 'Move the UPDATE to backfill (-- phase: backfill), where it runs in batches and is verified.',
    }
  },
}

/** Outside contract a DELETE is PHASE.DESTROYS already, and so is TRUNCATE, which takes rows away without touching one. */
function writesRows(change: Change, phase: Phase): boolean {
  if (change.action !== 'write' || !['table', 'column'].includes(change.object.type)) return false
  return !/^truncate\b/i.test(change.what) && !(change.destroys && phase !== 'contract')
}

import { type Change, describeObject, type Phase } from '@phasegate/core'
import { concernsExisting } from '../existing.js'
import type { Rule, Verdict } from '../rule.js'

/** Renaming these takes the old name away from code that still uses it; an index or constraint has no such users. */
const NAMED_BY_CODE: readonly Change['object']['type'][] = [
  'schema',
  'table',
  'column',
  'view',
  'type',
  'function',
  'sequence',
]

export const phaseDestroys: Rule = {
  id: 'PHASE.DESTROYS',
  check: ({ unit, step }) => {
    if (unit.id.phase === 'contract') return undefined
    const change = step.facts.changes.find((each) => takesAway(each) && concernsExisting(each) && !each.onNewColumn)
    if (change === undefined) return undefined
    if (change.object.type === 'other' && change.action === 'alter') return unknown(change, unit.id.phase)
    const renames = change.action === 'rename'
    return {
      severity: 'error',
      message: `${change.what} takes ${describeObject(change.object)} away in ${unit.id.phase}.`,
      why: 'Code that is running now still uses it, and an expand must be safe to undo.',
      instead: renames
        ? 'Add the new name in expand, keep both equal with sync, fill it in backfill, drop the old one in contract.'
        : 'Move the statement to contract (-- phase: contract).',
    }
  },
}

function takesAway(change: Change): boolean {
  return change.destroys || (change.action === 'rename' && NAMED_BY_CODE.includes(change.object.type))
}

/** The dialect takes what it cannot read for the worst. */
function unknown(change: Change, phase: Phase): Verdict {
  return {
    severity: 'error',
    message: `${change.what} (${change.object.name}) may take something away in ${phase}.`,
    why: 'What it does cannot be read from the SQL.',
    instead: "Move it to contract, or accept the finding with what you know: allow('PHASE.DESTROYS', reason, …).",
  }
}

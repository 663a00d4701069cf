import { describeObject } from '@phasegate/core'
import { concernsExisting } from '../existing.js'
import type { Rule } from '../rule.js'

/** PostgreSQL docs: Dependency Tracking. */
export const dropCascade: Rule = {
  id: 'DROP.CASCADE',
  check: ({ step }) => {
    const change = step.facts.changes.find((each) => / cascade$/i.test(each.what) && concernsExisting(each))
    if (change === undefined) return undefined
    return {
      severity: 'error',
      message: `${change.what} on ${describeObject(change.object)} takes along what depends on it.`,
      why: 'Views, foreign keys or rows of other tables go too, whatever is there by then: no file and no plan names it.',
      instead: 'Drop the dependents first, each by its name, then the object without CASCADE.',
    }
  },
}

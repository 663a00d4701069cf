import type { CompiledStep } from '@phasegate/core'
import type { StepDraft } from './compile-statements.js'

/**
 * Gives consecutive steps that touch only what this unit created one transaction, since nobody can be kept waiting by
 * them; every other step has a transaction of its own, so that none waits for a lock while the unit holds another one.
 */
export function groupSteps(drafts: readonly StepDraft[]): readonly CompiledStep[] {
  let group = 0
  return drafts.map(({ step, onlyNew }, index) => {
    const joins = onlyNew && drafts[index - 1]?.onlyNew === true
    if (onlyNew && !joins) group++
    const shared = joins || (onlyNew && drafts[index + 1]?.onlyNew === true)
    if (!shared) return step
    return { ...step, execution: { ...step.execution, timeouts: 'short', group } }
  })
}

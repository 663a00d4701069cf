import type { CompiledStep } from '../compiled/compiled-migration.js'
import type { ParsedStatement } from '../ports/sql-language.js'
import type { StepDraft } from './unit-scope.js'

/**
 * Gives consecutive steps that touch only what this unit created one transaction, since nobody can be kept waiting by
 * them; every other step has a transaction of its own, so that none waits for a lock while the unit holds another one.
 * The timeouts of a shared transaction are those of its longest step.
 */
export function groupSteps<S extends ParsedStatement>(drafts: readonly StepDraft<S>[]): readonly CompiledStep[] {
  const runs: StepDraft<S>[][] = []
  for (const draft of drafts) {
    const last = runs.at(-1)
    if (draft.onlyNew && last?.[0]?.onlyNew === true) last.push(draft)
    else runs.push([draft])
  }
  return runs.flatMap((run, group) => {
    if (run.length === 1) return run.map(({ step }) => step)
    const instant = run.every(({ step }) => step.execution.timeouts === 'short')
    const timeouts = instant ? 'short' : 'online'
    return run.map(({ step }) => ({ ...step, execution: { mode: 'transaction', timeouts, group } as const }))
  })
}

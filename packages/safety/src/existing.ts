import type { Change, CompiledStep } from '@phasegate/core'

/** Does this change concern a table that was there before this file? Creating a table concerns none. */
export function concernsExisting(change: Change): boolean {
  return !change.onNew && !(change.action === 'create' && change.object.type === 'table')
}

/** Does anybody wait for this lock? Not on a table that the same file created: nobody uses that yet. */
export function makesOthersWait(step: CompiledStep): boolean {
  const changes = step.facts.changes.filter((change) => change.action !== 'read')
  return step.facts.lock.blocks !== 'nothing' && (changes.length === 0 || changes.some(concernsExisting))
}

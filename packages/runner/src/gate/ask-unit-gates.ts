import type { CompiledMigration, CompiledUnit, GateCheck, GateState, JournalSnapshot, Session } from '@phasegate/core'
import type { RunnerContext } from '../runner-context.js'

export interface GateAnswer {
  readonly state: GateState
  readonly checks: readonly GateCheck[]
  /** Ids of the overrides that opened a gate; they count once. */
  readonly overrides: readonly string[]
}

/** Asks every gate of a unit. Reads only; `recordAnswer` keeps what was seen. */
export async function askUnitGates(
  context: RunnerContext,
  snapshot: JournalSnapshot,
  migration: CompiledMigration,
  unit: CompiledUnit,
  action: 'apply' | 'revert' = 'apply',
): Promise<GateAnswer> {
  const backfill = migration.units.backfill?.backfill
  const gates = context.gatesFor(unit, migration, action)
  const { state, checks, used } = await context.checkGates(
    gates,
    {
      unit,
      migration,
      action,
      snapshot,
      signal: context.signal,
      verifyBackfill: async () =>
        backfill === undefined ? { mismatches: 0, sampleKeys: [] } : context.compareBackfill(backfill),
    },
    [...context.takenOverrides],
  )
  context.emit({ type: 'gate.checked', unit: unit.id, checks })
  return { state, checks, overrides: used }
}

/** Keeps what was seen, and spends the overrides when the unit really starts. */
export async function recordAnswer(
  context: RunnerContext,
  session: Session,
  unit: CompiledUnit,
  answer: GateAnswer,
  starting: boolean,
): Promise<void> {
  await context.target.journal.recordEvidence(session, unit.id, answer.checks)
  if (!starting) return
  for (const id of answer.overrides) {
    await context.target.journal.useOverride(session, id)
    context.takenOverrides.add(id)
  }
}

/** One line a person reads: what holds, and what each of them says. */
export function whyHeld(answer: GateAnswer): string {
  return answer.checks
    .filter((check) => check.state !== 'open')
    .map((check) => `${check.name} is ${check.state}: ${check.reason}`)
    .join('; ')
}

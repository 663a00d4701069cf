import {
  isPhasegateError,
  type JournalSnapshot,
  type PlannedUnit,
  planUnits,
  type Session,
  unitName,
} from '@phasegate/core'
import { askUnitGates, whyHeld } from '../gate/ask-unit-gates.js'
import { runLane } from '../lane/run-lane.js'
import type { RunnerContext } from '../runner-context.js'
import type { UnitOutcome } from '../unit-outcome.js'
import type { LeftUnit } from './assign-backfills.js'

/**
 * Applies every contract whose gates are open, for a daemon that was given the consent to what they destroy. One that
 * failed waits for a person, or for another file. What was announced and may not go on is withdrawn, as `contract` does.
 *
 * @returns what became of those that ran, and why the others were left
 */
export async function runOpenContracts(
  context: RunnerContext,
  session: Session,
  snapshot: JournalSnapshot,
): Promise<{ readonly outcomes: readonly UnitOutcome[]; readonly left: readonly LeftUnit[] }> {
  const outcomes: UnitOutcome[] = []
  const left: LeftUnit[] = []
  for (const entry of planUnits({ migrations: context.migrations, snapshot, lane: 'contract' })) {
    context.signal.throwIfAborted()
    const reason = await whyLeft(context, session, snapshot, entry)
    if (reason !== undefined) left.push({ unit: unitName(entry.unit.id), reason })
    else if (entry.state === 'ready') outcomes.push(...(await runContract(context, entry)))
  }
  return { outcomes, left }
}

/** Undefined: it is applied, or may be. */
async function whyLeft(
  context: RunnerContext,
  session: Session,
  snapshot: JournalSnapshot,
  entry: PlannedUnit,
): Promise<string | undefined> {
  if (entry.state === 'applied') return undefined
  if (entry.state !== 'ready') return entry.state === 'blocked' ? entry.reason : `${entry.state}; see phasegate plan`
  const { record, edited } = entry
  if (record?.state === 'failed' && !edited)
    return `failed: ${record.error?.message ?? 'see phasegate status'} When that is mended: phasegate contract ${record.migration}`
  // What a runner that died has left announced is looked at under the lane's lock, whatever its gates say.
  if (record?.state === 'contracting' || record?.state === 'interrupted') return undefined
  const answer = await askUnitGates(context, session, snapshot, entry.migration, entry.unit)
  return answer.state === 'open' ? undefined : whyHeld(answer)
}

async function runContract(context: RunnerContext, { unit }: PlannedUnit): Promise<readonly UnitOutcome[]> {
  try {
    return (await runLane(context, 'contract', { only: [unit.id], mayDestroy: () => true })).units
  } catch (error) {
    // Another runner is at work; it is seen again with the next look.
    if (isPhasegateError(error) && error.code === 'LOCK.BUSY') return []
    throw error
  }
}

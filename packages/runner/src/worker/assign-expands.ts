import { type JournalSnapshot, type PlannedUnit, planUnits, type UnitState, unitName } from '@phasegate/core'
import type { RunnerContext } from '../runner-context.js'
import { mayHaveEngine } from '../step/apply-by-engine.js'
import type { Assignment, LeftUnit } from './assign-backfills.js'

/** `running`: by another process, which the lane finds out under its lock. */
const TAKEN_UP: readonly UnitState[] = ['pending', 'interrupted', 'prepared']

/**
 * Which expands a daemon takes up: those that `expand` began and left because a step takes an engine, and those whose engine
 * is at work or prepared. An expand that nobody has begun waits for its deploy. What failed or was cancelled waits for
 * `expand`, or for another file.
 *
 * @param waits why a unit is left alone by this process, which no journal knows; undefined: it is not
 */
export function assignExpands(
  migrations: RunnerContext['migrations'],
  snapshot: JournalSnapshot,
  waits: (entry: PlannedUnit) => string | undefined,
): Assignment {
  const take: PlannedUnit[] = []
  const left: LeftUnit[] = []
  for (const entry of planUnits({ migrations, snapshot, lane: 'expand' })) {
    if (entry.state !== 'ready' || entry.record === undefined || !mayHaveEngine(entry.unit.steps)) continue
    const reason = whyLeft(entry) ?? waits(entry)
    if (reason !== undefined) left.push({ unit: unitName(entry.unit.id), reason })
    else if (TAKEN_UP.includes(entry.record.state) && entry.record.attempts > 0) take.push(entry)
  }
  return { take, left }
}

function whyLeft(entry: PlannedUnit): string | undefined {
  if (entry.state !== 'ready' || entry.edited) return undefined
  const { record } = entry
  const again = `phasegate expand ${record?.migration} --long`
  if (record?.state === 'failed')
    return `failed: ${record.error?.message ?? 'see phasegate status'} When that is mended: ${again}`
  if (record?.state === 'cancelled') return `was cancelled; ${again} begins it anew`
  return undefined
}

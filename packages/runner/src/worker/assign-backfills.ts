import {
  type JournalSnapshot,
  type PlannedUnit,
  planUnits,
  type UnitName,
  type UnitRecord,
  unitName,
} from '@phasegate/core'
import type { RunnerContext } from '../runner-context.js'

/** A unit that a daemon leaves alone for now, and why. */
export interface LeftUnit {
  readonly unit: UnitName
  readonly reason: string
}

export interface Assignment {
  /** To be run if their gates are open, in migration order. */
  readonly take: readonly PlannedUnit[]
  readonly left: readonly LeftUnit[]
}

/**
 * Which backfills a daemon takes up, by files and journal alone. What a person stopped stays as it is: one that was
 * paused until `resume`, one that was cancelled until `backfill` names it. One that failed is not tried again by itself
 * either, whichever process it failed in: it waits for `resume`, for `backfill`, or for another file.
 *
 * @param waits why a unit is left alone by this process, which no journal knows; undefined: it is not
 */
export function assignBackfills(
  migrations: RunnerContext['migrations'],
  snapshot: JournalSnapshot,
  waits: (entry: PlannedUnit) => string | undefined = () => undefined,
): Assignment {
  const take: PlannedUnit[] = []
  const left: LeftUnit[] = []
  for (const entry of planWithout(migrations, snapshot, waits)) {
    const reason = whyLeft(entry, snapshot) ?? waits(entry)
    if (reason !== undefined) left.push({ unit: unitName(entry.unit.id), reason })
    else if (entry.state === 'ready') take.push(entry)
  }
  return { take, left }
}

/** What rests on a unit that is left alone is blocked by it, so the plan is made again without those. */
function planWithout(
  migrations: RunnerContext['migrations'],
  snapshot: JournalSnapshot,
  waits: (entry: PlannedUnit) => string | undefined,
): readonly PlannedUnit[] {
  const first = planUnits({ migrations, snapshot, lane: 'backfill' })
  const held = first.filter((entry) => whyStopped(entry.record, isEdited(entry)) ?? waits(entry))
  return planUnits({ migrations, snapshot, lane: 'backfill', held: held.map((entry) => entry.unit.id) })
}

function whyLeft(entry: PlannedUnit, snapshot: JournalSnapshot): string | undefined {
  switch (entry.state) {
    case 'applied':
      return undefined
    case 'blocked':
      return entry.reason
    case 'drift':
      return `${unitName(entry.of)} was applied and its file changed since`
    case 'reverted':
      return `${unitName(entry.of)} was reverted`
    case 'reverting':
      return `the revert of ${unitName(entry.of)} is not finished`
    case 'ready':
      if (snapshot.held !== null)
        return `all backfills are held${snapshot.held.reason === '' ? '' : `: ${snapshot.held.reason}`}`
      return whyStopped(entry.record, isEdited(entry))
  }
}

const isEdited = (entry: PlannedUnit): boolean => entry.state === 'ready' && entry.edited

/**
 * Why a daemon may not begin a unit whose journal row is this; undefined: it may.
 *
 * @param edited whether the file is another one than the row speaks of
 */
export function whyStopped(record: UnitRecord | undefined, edited: boolean): string | undefined {
  switch (record?.state) {
    case 'failed':
      if (edited) return undefined
      return `failed: ${record.error?.message ?? 'see phasegate status'} When that is mended: phasegate resume ${record.migration}`
    case 'cancelled':
      return `was cancelled; phasegate backfill ${record.migration} goes on with it`
    case 'paused':
      // A hold of the whole target ends by itself when it is lifted.
      return record.detail.paused === 'hold' ? undefined : `is paused until phasegate resume ${record.migration}`
    default:
      return record?.request?.action === 'pause'
        ? `is asked to pause until phasegate resume ${record.migration}`
        : undefined
  }
}

import { type BatchTimes, type Emit, type UnitName, unitName } from '@phasegate/core'
import type { LaneResult, UnitOutcome } from '@phasegate/runner'
import { assertSafe, type TargetOptions, withRunner } from '../target/open-runner.js'
import { namedUnits } from './named-units.js'

export interface BackfillOptions extends TargetOptions {
  /** Migrations by slug or unique prefix; default: every pending backfill. */
  readonly units?: readonly string[]
}

export interface BackfillResult extends LaneResult {
  readonly units: readonly BackfillOutcome[]
}

export interface BackfillOutcome extends UnitOutcome {
  /** What its batches cost, those of other processes and earlier runs too; absent where this run had no part in it. */
  readonly batches?: BatchTimes
}

/** Runs pending backfills until they are verified, in this process. Throws as `runExpand`. */
export async function runBackfillVerb(options: BackfillOptions = {}): Promise<BackfillResult> {
  const ended = new Map<UnitName, BatchTimes>()
  const emit: Emit = (event) => {
    if (event.type === 'backfill.ended') ended.set(unitName(event.unit), event.batches)
    options.emit?.(event)
  }
  const result = await withRunner({ ...options, emit }, async ({ context, migrations }) => {
    await assertSafe(migrations)
    const only = namedUnits(options.units, migrations, 'backfill')
    const { runBackfillLane } = await import('@phasegate/runner')
    return runBackfillLane(context, only === undefined ? {} : { only })
  })
  const units = result.units.map((outcome): BackfillOutcome => {
    const batches = ended.get(unitName(outcome.unit))
    return batches === undefined ? outcome : { ...outcome, batches }
  })
  return { ...result, units }
}

import type { LaneResult } from '@phasegate/runner'
import { assertSafe, type TargetOptions, withRunner } from '../target/open-runner.js'
import { namedUnits } from './named-units.js'

export interface BackfillOptions extends TargetOptions {
  /** Migrations by slug or unique prefix; default: every pending backfill. */
  readonly units?: readonly string[]
}

/** Runs pending backfills until they are verified, in this process. Throws as `runExpand`. */
export function runBackfillVerb(options: BackfillOptions = {}): Promise<LaneResult> {
  return withRunner(options, async ({ context, migrations }) => {
    await assertSafe(migrations)
    const only = namedUnits(options.units, migrations, 'backfill')
    const { runBackfillLane } = await import('@phasegate/runner')
    return runBackfillLane(context, only === undefined ? {} : { only })
  })
}

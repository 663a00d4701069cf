import type { LaneResult } from '@phasegate/runner'
import { assertSafe, type TargetOptions, withRunner } from '../target/open-runner.js'
import { unitsOfPlan } from './apply-saved-plan.js'
import { assertBuildAllowed } from './assert-build-allowed.js'
import { namedUnits } from './named-units.js'

export interface ExpandOptions extends TargetOptions {
  /** Units or migrations, by slug or unique prefix; default: every pending expand. */
  readonly units?: readonly string[]
  /** A plan that `plan --out` saved; it is applied, or refused where it no longer fits. */
  readonly plan?: string
  /** Take steps too that an engine executes, for as long as that lasts; default: they are left for a worker. */
  readonly long?: boolean
}

/**
 * Applies pending expands in migration order.
 *
 * @throws `CHECK.FINDINGS`, `BUILD.USES_OLD`, `PLAN.*`, `LOCK.BUSY`, `DATABASE.*`, and what is wrong with a file
 * @example
 * const { units, exit } = await runExpand({ database: process.env.DATABASE_URL })
 */
export function runExpand(options: ExpandOptions = {}): Promise<LaneResult> {
  return withRunner(options, async ({ context, migrations, settings }) => {
    await assertSafe(migrations)
    await assertBuildAllowed(context)
    const named = namedUnits(options.units, migrations, 'expand')
    const only = options.plan === undefined ? named : await unitsOfPlan(options.plan, settings, context, 'expand')
    const { runLane } = await import('@phasegate/runner')
    return runLane(context, 'expand', { ...(only === undefined ? {} : { only }), longSteps: options.long === true })
  })
}

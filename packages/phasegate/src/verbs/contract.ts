import { EXIT, type ExitCode, PhasegateError, unitName } from '@phasegate/core'
import { buildPlan, type LaneResult, type LaneSelection, type Plan, runLane } from '@phasegate/runner'
import { assertSafe, type TargetOptions, withRunner } from '../target/open-runner.js'
import { unitsOfPlan } from './apply-saved-plan.js'
import { assertBuildAllowed } from './assert-build-allowed.js'
import { namedUnits } from './named-units.js'

export interface ContractOptions extends TargetOptions {
  readonly units?: readonly string[]
  readonly plan?: string
  /** The database's name: consent to what cannot be undone. */
  readonly confirm?: string
  /** Asks a person for it where `confirm` is not given; gives what they typed. */
  readonly ask?: (database: string, destroys: readonly string[]) => Promise<string | undefined>
  /** A closed gate is no failure: exit 0. */
  readonly defer?: boolean
}

/**
 * Applies pending contracts whose gates are open. Consent is asked for only when something would be destroyed now.
 *
 * @throws `CONSENT.MISSING`, `CONSENT.WRONG` (exit 10), and as `runExpand`
 */
export function runContract(options: ContractOptions = {}): Promise<LaneResult> {
  return withRunner(options, async ({ context, migrations, settings, target }) => {
    await assertSafe(migrations)
    await assertBuildAllowed(context)
    const named = namedUnits(options.units, migrations, 'contract')
    const only = options.plan === undefined ? named : await unitsOfPlan(options.plan, settings, context, 'contract')
    const plan = await buildPlan(context, ['contract'], only)
    const mayDestroy = await assertConsent(plan, target.database, options)
    const result = await runLane(context, 'contract', { ...(only === undefined ? {} : { only }), mayDestroy })
    return options.defer === true ? { ...result, exit: deferred(result.exit) } : result
  })
}

/**
 * Which units may destroy: all with `--confirm`, those that were shown where a person typed the name, else none. Gates
 * may open between the plan and the run, so the runner asks again.
 */
async function assertConsent(
  plan: Plan,
  database: string,
  options: ContractOptions,
): Promise<NonNullable<LaneSelection['mayDestroy']>> {
  if (options.confirm !== undefined) {
    if (options.confirm !== database) throw wrongName(options.confirm, database)
    return () => true
  }
  const shown = plan.units.filter((unit) => unit.state === 'ready' && unit.destroys.length > 0)
  if (shown.length === 0) return () => false
  const destroys = shown.flatMap((unit) => unit.destroys)
  const typed = await options.ask?.(database, destroys)
  if (typed === database) return (unit) => shown.some((one) => one.unit === unitName(unit))
  throw typed === undefined ? consentMissing(database, destroys, 'contract') : wrongName(typed, database)
}

function deferred(exit: ExitCode): ExitCode {
  return exit === EXIT.gate ? EXIT.done : exit
}

export function consentMissing(database: string, destroys: readonly string[], verb: string): PhasegateError {
  return new PhasegateError({
    code: 'CONSENT.MISSING',
    message: `${verb} would destroy ${destroys.join(', ')}, which cannot be undone.`,
    why: 'It needs the name of the database as consent.',
    next: [`phasegate ${verb} --confirm ${database}`],
    exit: EXIT.consent,
    meta: { destroys },
  })
}

export function wrongName(given: string, database: string): PhasegateError {
  return new PhasegateError({
    code: 'CONSENT.WRONG',
    message: `Consent was given for '${given}', and this database is '${database}'.`,
    next: ['Check the database URL, then confirm with the name of the database that you mean.'],
    exit: EXIT.consent,
  })
}

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { EXIT, type Phase, PhasegateError, parseUnitName, type UnitId } from '@phasegate/core'
import type { Plan, RunnerContext } from '@phasegate/runner'
import type { Settings } from '../config/settings.js'
import { displayPath } from '../display-path.js'

async function readPlan(file: string, settings: Settings): Promise<Plan> {
  const path = resolve(settings.cwd, file)
  const shown = displayPath(settings.cwd, path)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new PhasegateError({
      code: 'PLAN.NOT_FOUND',
      message: `There is no plan ${shown}.`,
      next: [`phasegate plan --out ${file}`],
      cause: error,
      exit: EXIT.usage,
    })
  }
  const { parsePlan } = await import('@phasegate/runner')
  return parsePlan(text, shown)
}

/**
 * The units of one lane that a saved plan lists, once a new plan says that it still fits.
 *
 * @throws `PLAN.NOT_FOUND`, `PLAN.UNREADABLE`, `PLAN.STALE`, `PLAN.TARGET`
 */
export async function unitsOfPlan(
  file: string,
  settings: Settings,
  context: RunnerContext,
  lane: Phase,
): Promise<readonly UnitId[]> {
  const { assertPlanFits, buildPlan } = await import('@phasegate/runner')
  const plan = await readPlan(file, settings)
  assertPlanFits(plan, await buildPlan(context, plan.phases))
  // A reverted unit that is named would run, and the plan said that it would not.
  const listed = plan.units.filter((unit) => unit.state !== 'reverted')
  return listed.map((unit) => parseUnitName(unit.unit)).filter((unit) => unit?.phase === lane) as UnitId[]
}

import { EXIT, PhasegateError } from '@phasegate/core'
import type { Plan, PlanUnit } from './build-plan.js'

/**
 * Does a plan that was reviewed still say what would run? Fingerprints, statements, states and the target count; sizes,
 * gate answers and units that were not in it do not.
 *
 * @throws `PLAN.TARGET`, `PLAN.STALE` (exit 7)
 */
export function assertPlanFits(saved: Plan, now: Plan): void {
  if (saved.target.database !== now.target.database || saved.target.dialect !== now.target.dialect)
    throw otherTarget(saved, now)
  if (saved.target.id !== null && saved.target.id !== now.target.id) throw otherTarget(saved, now)
  const differences = saved.units.flatMap((unit) =>
    difference(
      unit,
      now.units.find((other) => other.unit === unit.unit),
    ),
  )
  if (differences.length > 0) throw stale(differences)
}

function difference(saved: PlanUnit, now: PlanUnit | undefined): readonly string[] {
  if (now === undefined) return [`${saved.unit} is not pending any more`]
  if (saved.fingerprint !== now.fingerprint) return [`${saved.unit}: its file changed`]
  const statements = (unit: PlanUnit): string =>
    JSON.stringify([unit.steps.map((step) => [step.statement, step.done]), unit.backfill])
  if (statements(saved) !== statements(now)) return [`${saved.unit}: other statements would run`]
  const state = (unit: PlanUnit): string => (unit.state === 'held' ? 'ready' : unit.state)
  return state(saved) === state(now) ? [] : [`${saved.unit} was ${saved.state} and is ${now.state}`]
}

function otherTarget(saved: Plan, now: Plan): PhasegateError {
  return new PhasegateError({
    code: 'PLAN.TARGET',
    message: `The saved plan was made for another database (${saved.target.database}, not this ${now.target.database}).`,
    next: ['Make the plan on the database that it is for: phasegate plan --out plan.json'],
    exit: EXIT.drift,
  })
}

function stale(differences: readonly string[]): PhasegateError {
  return new PhasegateError({
    code: 'PLAN.STALE',
    message: 'The saved plan no longer says what would run.',
    why: differences.join('; '),
    next: ['Make and review it anew: phasegate plan --out plan.json'],
    exit: EXIT.drift,
    meta: { differences },
  })
}

/** Reads what `plan --out` wrote. Throws `PLAN.UNREADABLE`. */
export function parsePlan(text: string, file: string): Plan {
  const value = parseJson(text)
  const plan = value as Partial<Plan> | null
  const whole =
    typeof plan === 'object' &&
    plan !== null &&
    plan.schemaVersion === 1 &&
    Array.isArray(plan.units) &&
    typeof plan.target === 'object' &&
    plan.target !== null &&
    Array.isArray(plan.phases) &&
    plan.units.every(
      (unit) => typeof unit?.unit === 'string' && typeof unit.fingerprint === 'string' && Array.isArray(unit.steps),
    )
  if (whole) return plan as Plan
  throw new PhasegateError({
    code: 'PLAN.UNREADABLE',
    message: `${file} is not a plan that this Phasegate wrote.`,
    next: ['phasegate plan --out plan.json'],
    where: { file },
    exit: EXIT.usage,
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // What is wrong with the text does not matter: it is not a plan.
    return null
  }
}

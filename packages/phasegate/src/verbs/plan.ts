import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { EXIT, isPhase, nearestName, PHASES, type Phase, PhasegateError } from '@phasegate/core'
import { buildPlan, type Plan } from '@phasegate/runner'
import { type TargetOptions, withRunner } from '../target/open-runner.js'

export interface PlanOptions extends TargetOptions {
  /** One phase; default: all three. */
  readonly phase?: string
  /** Where to save it. */
  readonly out?: string
}

/** What would run, how, under which locks, and what holds it. Reads only. Throws as `runExpand`. */
export function runPlan(options: PlanOptions = {}): Promise<Plan> {
  const phases = options.phase === undefined ? PHASES : [readPhase(options.phase)]
  return withRunner(options, async ({ context, settings }) => {
    const plan = await buildPlan(context, phases)
    if (options.out !== undefined) await save(plan, resolve(settings.cwd, options.out))
    return plan
  })
}

async function save(plan: Plan, file: string): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(plan, null, 2)}\n`)
  } catch (error) {
    throw new PhasegateError({
      code: 'PLAN.NOT_SAVED',
      message: `The plan could not be saved to ${file}.`,
      why: error instanceof Error ? error.message : String(error),
      next: ['Choose a file that can be written: phasegate plan --out plan.json'],
      cause: error,
      exit: EXIT.usage,
    })
  }
}

function readPhase(text: string): Phase {
  if (isPhase(text)) return text
  const meant = nearestName(text, PHASES)
  throw new PhasegateError({
    code: 'VERB.USAGE',
    message: `'${text}' is not a phase.${meant === undefined ? '' : ` Did you mean '${meant}'?`}`,
    next: [`phasegate plan ${PHASES.join(' | ')}`],
    exit: EXIT.usage,
  })
}

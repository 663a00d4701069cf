import { type EngineRun, EXIT, PhasegateError, type UnitName, unitName } from '@phasegate/core'
import { unitMissing } from '../load/load-errors.js'
import { resolveUnit } from '../load/resolve-unit.js'
import { type TargetOptions, withRunner } from '../target/open-runner.js'

export interface RepairOptions extends TargetOptions {
  /** By slug or unique prefix, with its phase: `email_verified:expand`. */
  readonly unit: string
  /** The step that was under way has happened. */
  readonly happened?: boolean
  /** It has not happened, or may safely run again. */
  readonly again?: boolean
  /** Why; required with one of the two, kept in the journal. */
  readonly reason?: string
}

/** A step that was under way when its runner ended, and that the catalog cannot decide. */
export interface Repair {
  readonly unit: UnitName
  /** Counting from 1; null where no step waits for a decision. */
  readonly step: number | null
  readonly statement: string | null
  /** What an engine has begun for it and not ended; null: no engine. */
  readonly run: EngineRun | null
  /** What was recorded; null where nothing was asked for. */
  readonly decision: 'happened' | 'again' | null
}

/**
 * Shows the step of a unit that only a person can decide, or records the decision, so that the next run goes on.
 *
 * @throws `VERB.USAGE` for both decisions at once or one without a reason, `REPAIR.NOTHING`, `LOCK.BUSY`
 *
 * @example
 * await runRepair({ unit: 'email_verified:expand', happened: true, reason: 'the partition is there' })
 */
export function runRepair(options: RepairOptions): Promise<Repair> {
  const decision = decisionOf(options)
  const reason = options.reason?.trim() ?? ''
  if (decision !== undefined && reason === '') throw usage('A decision needs its reason.', "--reason 'what you saw'")
  return withRunner(options, async ({ migrations, target, context }) => {
    const names = migrations.map((one) => one.name)
    const id = resolveUnit(options.unit, names)
    const unit = unitName(id)
    if (migrations.find((one) => one.name === id.migration)?.units[id.phase] === undefined) throw unitMissing(unit)
    const { findUndecidedStep, repairStep } = await import('@phasegate/runner')
    if (decision !== undefined) {
      const { step } = await repairStep(context, id, decision, reason)
      return { unit, step: step.position + 1, statement: step.statement, run: step.run, decision }
    }
    const session = await target.openSession('repair')
    try {
      const found = await findUndecidedStep(context, session, id)
      if (found === undefined) return { unit, step: null, statement: null, run: null, decision: null }
      const { position, statement, run } = found.step
      return { unit, step: position + 1, statement, run, decision: null }
    } finally {
      await session.close()
    }
  })
}

function decisionOf({ happened, again }: RepairOptions): 'happened' | 'again' | undefined {
  if (happened === true && again === true) throw usage('A step happened, or it runs again.', 'Give one of the two.')
  if (happened === true) return 'happened'
  return again === true ? 'again' : undefined
}

function usage(message: string, next: string): PhasegateError {
  return new PhasegateError({ code: 'VERB.USAGE', message, next: [next], exit: EXIT.usage })
}

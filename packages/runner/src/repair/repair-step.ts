import {
  type Direction,
  type EngineRun,
  EXIT,
  PhasegateError,
  type Session,
  type StepRecord,
  type UnitId,
  unitName,
} from '@phasegate/core'
import { ensureJournal } from '../lane/run-lane.js'
import { withLaneLock } from '../lane/with-lane-lock.js'
import type { RunnerContext } from '../runner-context.js'
import { isUndecided } from '../step/apply-alone.js'
import { askProbe } from '../step/ask-probe.js'
import { endEngineRuns } from '../step/end-engine-runs.js'

/** What a person found in the database: the step happened, or it did not and is to run again. */
export type StepDecision = 'happened' | 'again'

/** The step that was under way when its runner ended, and whether it is one of a revert. */
export interface UndecidedStep {
  readonly direction: Direction
  readonly step: StepRecord
}

/**
 * Finds the step of a unit that nobody but a person can decide, or whose engine has not ended; undefined where there is none.
 * Changes nothing.
 */
export async function findUndecidedStep(
  context: Pick<RunnerContext, 'target'>,
  session: Session,
  unit: UnitId,
): Promise<UndecidedStep | undefined> {
  for (const direction of ['revert', 'apply'] as const) {
    for (const step of await context.target.journal.steps(session, unit, direction)) {
      if (step.run !== null || isUndecided(step) || (await isInConflict(session, step))) return { direction, step }
    }
  }
  return undefined
}

/** Under way, and the catalog holds neither the old nor the new. */
async function isInConflict(session: Session, { state, execution, run }: StepRecord): Promise<boolean> {
  if (state !== 'started' || run !== null || execution.probe === undefined) return false
  return String(await askProbe(session, execution.probe)).startsWith('conflict')
}

/**
 * Records what a person found out about a step that neither the journal nor the catalog can decide, under the lane's lock,
 * so that the next run goes on from there.
 *
 * @param reason why; kept in the journal's event log
 * @throws `REPAIR.NOTHING`, `LOCK.BUSY`
 */
export async function repairStep(
  context: RunnerContext,
  unit: UnitId,
  decision: StepDecision,
  reason: string,
): Promise<UndecidedStep> {
  const { target, actor } = context
  const session = await target.openSession('repair')
  try {
    await target.assertUsable(session)
    return await withLaneLock(context, session, unit.phase, async () => {
      await ensureJournal(context, session)
      const found = await findUndecidedStep(context, session, unit)
      if (found === undefined) throw nothingToRepair(unit)
      const { direction, step } = found
      if (step.run !== null) {
        if (decision === 'happened') throw stillToEnd(unit, step.run)
        await endEngineRuns(context, session, unit)
      }
      const state = decision === 'happened' ? 'done' : 'pending'
      await session.transaction({ lockTimeout: 10_000, statementTimeout: 60_000 }, async () => {
        await target.journal.markStep(session, unit, direction, step.position, state)
        const detail = { step: step.position, statement: step.statement, decision, reason }
        await target.journal.append(session, unit, 'step.repaired', detail, actor)
      })
      return found
    })
  } finally {
    await session.close()
  }
}

/** Whether the table was swapped is the catalog's to say, and the same command asks it. */
function stillToEnd(unit: UnitId, run: EngineRun): PhasegateError {
  return new PhasegateError({
    code: 'REPAIR.ENGINE',
    message: `A step of ${unitName(unit)} is ${run.engine}'s, which the catalog tells of.`,
    next: [
      `phasegate ${unit.phase} ${unitName(unit)} goes on with it, or finds it done.`,
      `phasegate repair ${unitName(unit)} --again --reason '…' stops the tool and takes away what it left.`,
    ],
    exit: EXIT.usage,
  })
}

function nothingToRepair(unit: UnitId): PhasegateError {
  return new PhasegateError({
    code: 'REPAIR.NOTHING',
    message: `No step of ${unitName(unit)} waits for a decision.`,
    why: 'Whatever else was interrupted, the same command as before finds out by itself.',
    next: [`phasegate ${unit.phase} ${unitName(unit)}`, `phasegate status ${unit.migration}`],
    exit: EXIT.usage,
  })
}

import {
  type CompiledStep,
  type EngineChoice,
  type EngineTask,
  isPhasegateError,
  type Session,
  type StepRecord,
} from '@phasegate/core'
import type { RunnerContext } from '../runner-context.js'
import { UnitLeft } from '../unit-outcome.js'
import { applyAlone } from './apply-alone.js'
import type { StepsToApply } from './apply-steps.js'
import { applySupervised } from './apply-supervised.js'
import { askProbe } from './ask-probe.js'

/**
 * Applies a step that an engine may execute: by the server where it can do it at once, or where the table is small, else by
 * the engine that is chosen for it, outside of the lane's lock, so that other units go on meanwhile.
 *
 * @throws UnitLeft where an engine would have to do it and this run is not to take so long; UnitHeld where its cut-over
 *   waits for a gate, a person has stopped it, or another process supervises it; `ENGINE.*`
 */
export async function applyByEngine(
  context: RunnerContext,
  session: Session,
  plan: StepsToApply,
  step: StepRecord,
): Promise<void> {
  const task = step.execution.engine!
  // The server was at it when its runner ended, or an engine's run was put away: the catalog says what became of that.
  if (step.state === 'started' && step.run === null && task.native !== 'never' && !(await isAbsent(session, task)))
    return natively(context, session, plan, step, step.statement, task)
  if (step.run !== null) return applySupervised(context, session, plan, step, task, step.run.engine)
  if (task.wanted === 'auto' && task.instantly !== undefined) {
    if (await tried(context, session, plan, step, task.instantly)) return
  }
  const { engine, reason } = await chosen(context, session, plan, task)
  if (engine === 'native') {
    if (task.inPlace !== undefined && (await tried(context, session, plan, step, task.inPlace))) return
    return natively(context, session, plan, step, step.statement, task)
  }
  if (plan.engines === 'left') throw new UnitLeft(plan.unit, `${engine} is to do it: ${reason}`)
  return applySupervised(context, session, plan, step, task, engine)
}

/** What no engine of this machine can take is left for one that may have what is missing here. */
async function chosen(
  { engines }: RunnerContext,
  session: Session,
  plan: StepsToApply,
  task: EngineTask,
): Promise<EngineChoice> {
  try {
    return await engines.choose(session, task)
  } catch (error) {
    if (plan.engines !== 'left' || !isPhasegateError(error) || error.code !== 'ENGINE.NONE') throw error
    throw new UnitLeft(plan.unit, `an engine is to do it, and none of this machine can: ${error.why ?? error.message}`)
  }
}

/** False: the server has no such way for it, and did nothing. */
async function tried(
  context: RunnerContext,
  session: Session,
  plan: StepsToApply,
  step: StepRecord,
  statement: string,
): Promise<boolean> {
  try {
    await natively(context, session, plan, step, statement)
    return true
  } catch (error) {
    const said = isPhasegateError(error) ? error.cause : error
    if (context.target.classify(said) === 'not supported') return false
    throw error
  }
}

/** A copy keeps writers waiting, so that the statement timeout bounds it. */
function natively(
  context: RunnerContext,
  session: Session,
  plan: StepsToApply,
  step: StepRecord,
  statement: string,
  task?: EngineTask,
): Promise<void> {
  const { engine: _engine, ...execution } = step.execution
  const timeouts = task?.native === 'copy' ? 'short' : execution.timeouts
  return applyAlone(context, session, plan, { ...step, statement, execution: { ...execution, timeouts } })
}

/** True: nothing of it is there, so that it is begun like any other. */
async function isAbsent(session: Session, { probe }: EngineTask): Promise<boolean> {
  return probe !== undefined && (await askProbe(session, probe)) === 'absent'
}

/** Does a unit have a step that an engine may have begun? */
export function mayHaveEngine(steps: readonly CompiledStep[]): boolean {
  return steps.some(({ execution }) => execution.engine !== undefined)
}

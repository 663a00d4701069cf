import {
  type CompiledStep,
  type EngineChoice,
  type EngineName,
  type EngineOrder,
  type EngineProgress,
  type EngineTask,
  EXIT,
  isPhasegateError,
  type Session,
  type StepRecord,
  type UnitId,
  unitProgressOf,
} from '@phasegate/core'
import { outsideLaneLock } from '../lane/with-lane-lock.js'
import type { RunnerContext } from '../runner-context.js'
import { UnitHeld, UnitLeft } from '../unit-outcome.js'
import { applyAlone } from './apply-alone.js'
import type { StepsToApply } from './apply-steps.js'
import { endEngineRuns } from './end-engine-runs.js'

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
  if (step.run !== null) return supervised(context, session, plan, step, task, step.run.engine)
  if (task.wanted === 'auto' && task.instantly !== undefined) {
    if (await tried(context, session, plan, step, task.instantly)) return
  }
  const { engine, reason } = await chosen(context, session, plan, task)
  if (engine === 'native') {
    if (task.inPlace !== undefined && (await tried(context, session, plan, step, task.inPlace))) return
    return natively(context, session, plan, step, step.statement, task)
  }
  if (plan.engines === 'left') throw new UnitLeft(plan.unit, `${engine} is to do it: ${reason}`)
  return supervised(context, session, plan, step, task, engine)
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

const FINISH_TIMEOUTS = { lockTimeout: 10_000, statementTimeout: 60_000 }

async function supervised(
  context: RunnerContext,
  session: Session,
  plan: StepsToApply,
  step: StepRecord,
  task: EngineTask,
  engine: EngineName,
): Promise<void> {
  const { journal, backfill } = context.target
  const { unit, direction } = plan
  const { position } = step
  const started = context.clock.now()
  const { probe } = task
  const mayCutOver = async (): Promise<string | undefined> => {
    try {
      await plan.before(step)
      const why = await plan.whyCutOverHeld?.()
      if (why !== undefined) return why
    } catch (error) {
      if (error instanceof UnitHeld) return error.outcome.reason
      throw error
    }
    await plan.alongside(step)
    plan.committed(step)
    return undefined
  }
  const report = async (on: Session, progress: EngineProgress): Promise<EngineOrder> => {
    await backfill.recordProgress(on, unit, (kept) => ({ ...kept!, ...unitProgressOf(progress) }))
    const { request, held } = await backfill.control(on, unit)
    if (request?.action === 'cancel') return { action: 'cancel', reason: 'a person cancelled it' }
    if (request?.action === 'pause') return { action: 'pause', reason: 'a person paused it' }
    if (held !== null) return { action: 'pause', reason: `everything is held${held === '' ? '' : `: ${held}`}` }
    return { action: 'go on', reason: '' }
  }
  if ((await backfill.control(session, unit)).request?.action === 'cancel') {
    await endEngineRuns(context, session, unit)
    throw cancelled(unit, engine, 'a person cancelled it')
  }
  let run = step.run
  await journal.markStep(session, unit, direction, position, 'started')
  const outcome = await outsideLaneLock(context, session, unit.phase, async () => {
    try {
      return await context.engines.run({
        unit,
        task,
        engine,
        run,
        ...(probe === undefined ? {} : { happened: (on: Session) => isThere(on, probe) }),
        attach: (on) => journal.changeUnit(on, unit, { state: 'running', backend: on.backend }, context.actor),
        finish: (on) =>
          on.transaction(FINISH_TIMEOUTS, async () => {
            // The answer to the commit may have been lost with the connection.
            const now = (await journal.steps(on, unit, direction)).find((one) => one.position === position)
            if (now?.state === 'done') return
            await journal.recordRun(on, unit, direction, position, engine, null)
            await journal.markStep(on, unit, direction, position, 'done')
          }),
        record: async (on, next) => {
          await journal.recordRun(on, unit, direction, position, engine, next)
          run = next
        },
        report,
        mayCutOver,
        whileHeld: 'return',
      })
    } catch (error) {
      // Refused, or failed with nothing left: the next attempt begins anew, and is not taken for one of the server's.
      if (run === null && isPhasegateError(error)) await journal.markStep(session, unit, direction, position, 'pending')
      throw error
    }
  })
  await journal.changeUnit(session, unit, { state: 'running', backend: session.backend }, context.actor)
  if (outcome.state === 'done') {
    context.emit({ type: 'step.done', unit, position, ms: context.clock.now() - started, found: false })
    return
  }
  if (outcome.state === 'cancelled') {
    await journal.markStep(session, unit, direction, position, 'pending')
    throw cancelled(unit, engine, outcome.reason)
  }
  if (outcome.state === 'held') {
    // One that could not hold its cut-over was not even started.
    if (run === null) await journal.markStep(session, unit, direction, position, 'pending')
    throw new UnitHeld({
      unit,
      outcome: 'held',
      reason:
        run === null
          ? `${engine} waits: ${outcome.reason}`
          : `copied by ${engine}; its cut-over waits: ${outcome.reason}`,
      exit: EXIT.gate,
    })
  }
  throw new UnitHeld({ unit, outcome: 'not run', reason: `supervised by ${outcome.owner}`, exit: EXIT.pending })
}

function cancelled(unit: UnitId, engine: EngineName, reason: string): UnitHeld {
  return new UnitHeld({ unit, outcome: 'cancelled', reason: `${engine}: ${reason}`, exit: EXIT.pending })
}

async function isThere(session: Session, probe: string): Promise<boolean> {
  return (await ask(session, probe)) === 'done'
}

/** True: nothing of it is there, so that it is begun like any other. */
async function isAbsent(session: Session, { probe }: EngineTask): Promise<boolean> {
  return probe !== undefined && (await ask(session, probe)) === 'absent'
}

async function ask(session: Session, probe: string): Promise<unknown> {
  const [row] = await session.query(probe)
  return Object.values(row ?? {})[0] ?? 'absent'
}

/** Does a unit have a step that an engine may have begun? */
export function mayHaveEngine(steps: readonly CompiledStep[]): boolean {
  return steps.some(({ execution }) => execution.engine !== undefined)
}

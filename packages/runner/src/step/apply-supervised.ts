import {
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
import { UnitHeld } from '../unit-outcome.js'
import type { StepsToApply } from './apply-steps.js'
import { askProbe } from './ask-probe.js'
import { endEngineRuns } from './end-engine-runs.js'

const FINISH_TIMEOUTS = { lockTimeout: 10_000, statementTimeout: 60_000 }

/**
 * Has an engine execute a step, outside of the lane's lock: begins it, or goes on with what an earlier run has begun.
 *
 * @throws UnitHeld where its cut-over waits for a gate, a person has stopped it, or another process supervises it; `ENGINE.*`
 */
export async function applySupervised(
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
    await journal.request(session, unit, null, context.actor)
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
        attach: (on) =>
          journal.changeUnit(on, unit, { state: 'running', backend: on.backend, detail: { engine } }, context.actor),
        finish: (on) =>
          on.transaction(FINISH_TIMEOUTS, async () => {
            // The answer to the commit may have been lost with the connection.
            const now = (await journal.steps(on, unit, direction)).find((one) => one.position === position)
            if (now?.state === 'done') return
            await journal.recordRun(on, unit, direction, position, null)
            await journal.markStep(on, unit, direction, position, 'done')
          }),
        record: async (on, next) => {
          await journal.recordRun(on, unit, direction, position, next)
          run = next
        },
        report,
        mayCutOver,
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
    // Carried out: the next run is another decision.
    await journal.request(session, unit, null, context.actor)
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
  return (await askProbe(session, probe)) === 'done'
}

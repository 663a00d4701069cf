import {
  EXIT,
  isPhasegateError,
  PhasegateError,
  type Session,
  type StepRecord,
  type UnitId,
  unitName,
} from '@phasegate/core'
import { isConnectionLoss } from '../lane/with-reconnect.js'
import type { RunnerContext } from '../runner-context.js'
import { codedError } from '../unit-outcome.js'
import type { StepsToApply } from './apply-steps.js'
import { askProbe } from './ask-probe.js'
import { assertPrecondition, executeStep } from './execute-step.js'
import { runWatched } from './run-watched.js'
import { withLockRetry } from './with-lock-retry.js'

/**
 * Applies a step that cannot be in a transaction: journalled before and after. Where an earlier attempt was under way when
 * its runner ended, the catalog says what became of it.
 *
 * @throws `STEP.UNDECIDED` where it cannot say, `STEP.CONFLICT`, `STEP.PRECONDITION`, `LOCK.HELD`
 */
export async function applyAlone(
  context: RunnerContext,
  session: Session,
  plan: StepsToApply,
  step: StepRecord,
): Promise<void> {
  const { journal } = context.target
  const { execution } = step
  const mark = (state: 'pending' | 'started' | 'done', found = false): Promise<void> =>
    journal.markStep(session, plan.unit, plan.direction, step.position, state, found)
  let begun = step.state !== 'pending'
  if (isUndecided(step)) throw undecidable(plan.unit, step)
  // For what is watched the server waits for nobody's lock in front of others: there is no queue to stay out of.
  const tables = execution.timeouts === 'watched' ? [] : step.lock.tables
  const locked = {
    unit: plan.unit,
    step: { ...step, lock: { ...step.lock, tables } },
    before: () => plan.before(step),
  }
  await withLockRetry(context, session, locked, async (lockTimeout) => {
    const started = context.clock.now()
    const found = begun || execution.adopts === true ? await probe(context, session, plan.unit, step) : false
    if (!found) await assertPrecondition(context, session, plan.unit, step)
    await plan.alongside(step)
    plan.committed(step)
    if (!found) {
      context.emit({ type: 'step.started', unit: plan.unit, position: step.position, statement: step.statement })
      await mark('started')
      begun = true
      let stands = false
      const run = (way: StepRecord): Promise<void> => {
        const work = (): Promise<void> =>
          executeStep(context, session, plan, way, () => {
            stands = true
          })
        return runLimited(context, session, plan.unit, way, lockTimeout, work)
      }
      try {
        await run(step).catch(async (error: unknown) => {
          const other = otherWay(context, step, error)
          if (other === undefined) throw error
          const { position, statement } = other
          context.emit({ type: 'step.started', unit: plan.unit, position, statement })
          await run(other)
        })
      } catch (error) {
        // Neither a retry nor the next run may do the first half of a function twice.
        if (stands)
          throw context.signal.aborted || isConnectionLoss(context, error)
            ? error
            : halfDone(context, plan.unit, step, error)
        // The server said that it did not happen, and what is there under its name, if anything is, was not made by it. An
        // adopting probe compares the whole definition, and has to find what a failed build leaves.
        if (execution.adopts !== true && !isConnectionLoss(context, error)) {
          await mark('pending')
          begun = false
          await plan.refused(step)
        }
        throw error
      }
    }
    await mark('done', found && !begun)
    const ms = context.clock.now() - started
    context.emit({ type: 'step.done', unit: plan.unit, position: step.position, ms, found })
  })
}

/** Was it under way when its runner ended, with nothing in the catalog to tell what became of it? */
export function isUndecided({ state, execution, run }: Pick<StepRecord, 'state' | 'execution' | 'run'>): boolean {
  // Of an engine's run the journal knows more.
  return state === 'started' && run === null && execution.mode === 'alone' && execution.probe === undefined
}

/** The step as it runs where the server has no such way for it as its statement names. */
function otherWay({ target }: RunnerContext, step: StepRecord, error: unknown): StepRecord | undefined {
  const { otherwise, ...execution } = step.execution
  const said = isPhasegateError(error) ? error.cause : error
  if (otherwise === undefined || target.classify(said) !== 'not supported') return undefined
  return { ...step, statement: otherwise, execution: { ...execution, timeouts: 'online' } }
}

/** Under the limits of its kind: none but a watcher's, a lock's, or a lock's and its own. */
function runLimited(
  context: RunnerContext,
  session: Session,
  unit: UnitId,
  step: StepRecord,
  lockTimeout: number,
  work: () => Promise<void>,
): Promise<void> {
  const { timeouts } = step.execution
  if (timeouts === 'watched') return runWatched(context, session, unit, work)
  const statementTimeout = timeouts === 'short' ? Math.max(lockTimeout, context.settings.statementTimeout) : 0
  const limited = (): Promise<void> => session.limited({ lockTimeout, statementTimeout }, work)
  return timeouts === 'short' ? limited() : runWatched(context, session, unit, limited)
}

/** True: the catalog says that it has happened. Removes what a failed attempt left behind. */
async function probe(context: RunnerContext, session: Session, unit: UnitId, step: StepRecord): Promise<boolean> {
  if (step.execution.probe === undefined) return false
  const state = String(await askProbe(session, step.execution.probe))
  if (state === 'invalid' && step.execution.cleanup !== undefined) {
    const cleanup = step.execution.cleanup
    await runWatched(context, session, unit, () => session.query(cleanup))
    return false
  }
  if (state.startsWith('conflict')) throw conflict(unit, step, state.replace(/^conflict:?\s*/, ''))
  return state === 'done'
}

function conflict(unit: UnitId, step: StepRecord, what: string): PhasegateError {
  return new PhasegateError({
    code: 'STEP.CONFLICT',
    message: `Step ${step.position + 1} of ${unitName(unit)} finds something else under its name: ${what}.`,
    why: step.statement,
    next: [
      'Rename or remove what is there, or choose another name in the migration file; then run the same command again.',
    ],
    exit: EXIT.failed,
  })
}

function undecidable(unit: UnitId, step: StepRecord): PhasegateError {
  return new PhasegateError({
    code: 'STEP.UNDECIDED',
    message: `Step ${step.position + 1} of ${unitName(unit)} was under way when its runner ended, and the catalog cannot tell whether it happened.`,
    why: step.statement,
    next: decisions(unit),
    exit: EXIT.failed,
  })
}

function halfDone(context: RunnerContext, unit: UnitId, step: StepRecord, error: unknown): PhasegateError {
  const said = codedError(context.target, error, `running step ${step.position + 1} of ${unitName(unit)}`)
  return new PhasegateError({
    code: 'STEP.UNDECIDED',
    message: `Step ${step.position + 1} of ${unitName(unit)} failed, and what its first statements did stands: ${said.message}`,
    why: `${said.why ?? ''}\n${step.statement}`.trim(),
    next: decisions(unit),
    exit: EXIT.failed,
    cause: error,
  })
}

function decisions(unit: UnitId): readonly string[] {
  return [
    `phasegate repair ${unitName(unit)} --happened --reason '…', if the database shows that it happened`,
    `phasegate repair ${unitName(unit)} --again --reason '…', if it did not, or may safely run twice`,
  ]
}

import {
  type CompiledStep,
  type Direction,
  EXIT,
  PhasegateError,
  type Session,
  type StepRecord,
  type UnitId,
  unitName,
} from '@phasegate/core'
import { isConnectionLoss } from '../lane/with-reconnect.js'
import type { RunnerContext } from '../runner-context.js'
import { runWatched } from './run-watched.js'
import { withLockRetry } from './with-lock-retry.js'

export interface StepsToApply {
  readonly unit: UnitId
  readonly direction: Direction
  /** The frozen steps, in order; those that are done are skipped. */
  readonly steps: readonly StepRecord[]
  /** From the file, for steps that are functions. */
  readonly compiled: readonly CompiledStep[]
  /** Asked before each attempt at a step; throws to stop there. Runs outside any transaction. */
  readonly before: (step: StepRecord) => Promise<void>
  /** Runs in the step's transaction, or right before a step that has none. Comes again when that is rolled back. */
  readonly alongside: (step: StepRecord) => Promise<void>
  /** What `alongside` wrote is committed. */
  readonly committed: (step: StepRecord) => void
}

/**
 * Applies what is left of a unit's frozen steps on the session that holds the lane's lock. A step in a transaction shares
 * it with its journal row, so both are there or neither is; a step that cannot be in one is journalled before and after,
 * and its probe tells what became of it.
 */
export async function applySteps(context: RunnerContext, session: Session, plan: StepsToApply): Promise<void> {
  const left = plan.steps.filter((step) => step.state !== 'done')
  for (const group of grouped(left)) {
    context.signal.throwIfAborted()
    const [first] = group
    if (first?.execution.mode === 'alone') await applyAlone(context, session, plan, first)
    else await applyTogether(context, session, plan, group)
  }
}

/** Neighbours of one group share a transaction; everything else stands alone. */
export function grouped(steps: readonly StepRecord[]): readonly (readonly StepRecord[])[] {
  const groups: StepRecord[][] = []
  for (const step of steps) {
    const last = groups.at(-1)
    const group = step.execution.mode === 'transaction' ? step.execution.group : undefined
    if (last !== undefined && group !== undefined && last[0]?.execution.group === group) last.push(step)
    else groups.push([step])
  }
  return groups
}

async function applyTogether(
  context: RunnerContext,
  session: Session,
  plan: StepsToApply,
  group: readonly StepRecord[],
): Promise<void> {
  const first = group[0]!
  const before = async (): Promise<void> => {
    for (const step of group) await plan.before(step)
  }
  await withLockRetry(context, session, { unit: plan.unit, step: first, before }, async (lockTimeout) => {
    const started = context.clock.now()
    const statementTimeout =
      first.execution.timeouts === 'short' ? Math.max(lockTimeout, context.settings.statementTimeout) : 0
    const work = (): Promise<void> =>
      session.transaction({ lockTimeout, statementTimeout }, async () => {
        for (const step of group) {
          context.emit({ type: 'step.started', unit: plan.unit, position: step.position, statement: step.statement })
          await plan.alongside(step)
          await execute(context, session, plan, step)
          await context.target.journal.markStep(session, plan.unit, plan.direction, step.position, 'done')
        }
      })
    await (first.execution.timeouts === 'short' ? work() : runWatched(context, session, plan.unit, work))
    const ms = context.clock.now() - started
    for (const step of group) {
      plan.committed(step)
      context.emit({ type: 'step.done', unit: plan.unit, position: step.position, ms, found: false })
    }
  })
}

async function execute(context: RunnerContext, session: Session, plan: StepsToApply, step: StepRecord): Promise<void> {
  if (!step.opaque) {
    try {
      await session.query(step.statement)
      return
    } catch (error) {
      throw refused(context, plan, step, error)
    }
  }
  const run = plan.compiled[step.position]?.run
  if (run === undefined) throw functionGone(plan.unit, step)
  await run({ query: (text, values) => session.query(text, values) })
}

async function applyAlone(
  context: RunnerContext,
  session: Session,
  plan: StepsToApply,
  step: StepRecord,
): Promise<void> {
  const { journal } = context.target
  const mark = (state: 'pending' | 'started' | 'done', found = false): Promise<void> =>
    journal.markStep(session, plan.unit, plan.direction, step.position, state, found)
  let begun = step.state !== 'pending'
  if (isUndecided(step)) throw undecidable(plan.unit, step)
  await withLockRetry(
    context,
    session,
    // The server waits for nobody's lock in front of others here, so there is nothing to wait for outside the queue.
    {
      unit: plan.unit,
      step: { ...step, lock: { ...step.lock, tables: [] } },
      before: () => plan.before(step),
    },
    async () => {
      const started = context.clock.now()
      const found = await probe(context, session, plan.unit, step)
      await plan.alongside(step)
      plan.committed(step)
      if (!found) {
        context.emit({ type: 'step.started', unit: plan.unit, position: step.position, statement: step.statement })
        await mark('started')
        begun = true
        try {
          await runWatched(context, session, plan.unit, () => execute(context, session, plan, step))
        } catch (error) {
          // The server said that it did not happen: without a probe, nothing else would tell the next run so.
          if (step.execution.probe === undefined && !isConnectionLoss(context, error)) await mark('pending')
          throw error
        }
      }
      await mark('done', found && !begun)
      context.emit({
        type: 'step.done',
        unit: plan.unit,
        position: step.position,
        ms: context.clock.now() - started,
        found,
      })
    },
  )
}

/** Was it under way when its runner ended, with nothing in the catalog to tell what became of it? */
export function isUndecided({ state, execution }: Pick<StepRecord, 'state' | 'execution'>): boolean {
  return state === 'started' && execution.mode === 'alone' && execution.probe === undefined
}

/** True: the catalog says that it has happened. Removes what a failed attempt left behind. */
async function probe(context: RunnerContext, session: Session, unit: UnitId, step: StepRecord): Promise<boolean> {
  if (step.execution.probe === undefined) return false
  const [row] = await session.query(step.execution.probe)
  const state = String(Object.values(row ?? {})[0] ?? 'absent')
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
    next: [
      'Look at the database. Edit the migration file so that this statement is right to run again, or remove it if it has happened.',
    ],
    exit: EXIT.failed,
  })
}

function functionGone(unit: UnitId, step: StepRecord): PhasegateError {
  return new PhasegateError({
    code: 'STEP.FUNCTION_GONE',
    message: `Step ${step.position + 1} of ${unitName(unit)} is a function (${step.statement}) that the file no longer has at that place.`,
    next: ['Put it back, or edit the steps that are not done yet.'],
    exit: EXIT.drift,
  })
}

/** What the database has against a statement itself, with the statement and its place; the rest is for a retry to judge. */
function refused(context: RunnerContext, plan: StepsToApply, step: StepRecord, error: unknown): unknown {
  const kind = context.target.classify(error)
  if (kind !== 'statement' && kind !== 'row' && kind !== 'permission') return error
  const said = context.target.translate(error, `running step ${step.position + 1} of ${unitName(plan.unit)}`)
  const where = plan.compiled[step.position]?.where
  return new PhasegateError({
    code: said.code,
    message: said.message,
    why: `${said.why ?? ''}\n${step.statement}`.trim(),
    next: said.next,
    ...(where === undefined ? {} : { where }),
    meta: { ...said.meta, step: step.position },
    cause: error,
    exit: said.exit,
  })
}

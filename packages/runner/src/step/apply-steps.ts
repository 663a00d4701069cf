import type { CompiledStep, Direction, Session, StepRecord, UnitId } from '@phasegate/core'
import type { RunnerContext } from '../runner-context.js'
import { applyAlone } from './apply-alone.js'
import { applyByEngine } from './apply-by-engine.js'
import { executeStep } from './execute-step.js'
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
  /** What is done with a step that an engine may execute: `natively` by the server, `left` for others where it takes an engine. */
  readonly engines: 'natively' | 'left' | 'run'
  /** Why an engine's cut-over has to wait beyond what `before` says; undefined: it need not. */
  readonly whyCutOverHeld?: () => Promise<string | undefined>
  /** The server refused a step that has no transaction: what `alongside` committed for it is to be taken back. */
  readonly refused: (step: StepRecord) => Promise<void>
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
    if (first?.execution.engine !== undefined && plan.engines !== 'natively')
      await applyByEngine(context, session, plan, first)
    else if (first?.execution.engine?.native === 'never') await passOver(context, session, plan, first)
    else if (first?.execution.mode === 'alone') await applyAlone(context, session, plan, first)
    else await applyTogether(context, session, plan, group)
  }
}

/** Only an engine could do it, and it changes nothing that a query sees: an empty database does without. */
async function passOver(
  context: RunnerContext,
  session: Session,
  plan: StepsToApply,
  { position }: StepRecord,
): Promise<void> {
  await context.target.journal.markStep(session, plan.unit, plan.direction, position, 'done')
  context.emit({ type: 'step.done', unit: plan.unit, position, ms: 0, found: false })
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
          await executeStep(context, session, plan, step)
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

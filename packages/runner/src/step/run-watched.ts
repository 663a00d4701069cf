import { EXIT, PhasegateError, type Session, type UnitId, unitName } from '@phasegate/core'
import { describeHolder } from '../lane/with-lane-lock.js'
import type { RunnerContext } from '../runner-context.js'

const LOOK_EVERY = 1_000

/**
 * Runs a statement that has no timeout of its own, and watches it from a second session: says whom it waits for, and
 * cancels it when one of them keeps it waiting for `settings.concurrentWait` ms, or when we are asked to stop.
 *
 * @throws `STEP.BLOCKED`, or the signal's reason
 */
export async function runWatched(
  context: RunnerContext,
  session: Session,
  unit: UnitId,
  work: () => Promise<unknown>,
): Promise<void> {
  const over = new AbortController()
  let cancelled: unknown
  const watching = watch(context, session, unit, over.signal, (reason) => {
    cancelled = reason
  })
  try {
    await work()
  } catch (error) {
    if (cancelled !== undefined && context.target.classify(error) === 'cancelled') throw cancelled
    throw error
  } finally {
    over.abort()
    await watching
  }
}

async function watch(
  context: RunnerContext,
  session: Session,
  unit: UnitId,
  over: AbortSignal,
  cancelledBecause: (reason: unknown) => void,
): Promise<void> {
  const either = AbortSignal.any([over, context.signal])
  const pause = (): Promise<void> => context.clock.sleep(LOOK_EVERY, either).catch(() => {})
  await pause()
  // Most statements end before the first look, and need no second session.
  if (over.aborted) return
  const waits = new Map<string, number>()
  while (!over.aborted) {
    let observer: Session | undefined
    try {
      observer = await context.target.openSession('watch')
      while (!over.aborted) {
        const reason = context.signal.aborted
          ? context.signal.reason
          : await blockedTooLong(context, observer, session, unit, waits)
        if (reason !== undefined) {
          cancelledBecause(reason)
          await context.target.cancelStatement(observer, session.backend)
          return
        }
        await pause()
      }
    } catch (error) {
      // The watcher only reports and cancels: without a connection for it the statement goes on, and it tries again.
      context.emit({ type: 'unit.waiting', unit, for: `a second session to watch with: ${String(error)}` })
      await context.clock.sleep(LOOK_EVERY, over).catch(() => {})
    } finally {
      await observer?.close()
    }
  }
}

async function blockedTooLong(
  context: RunnerContext,
  observer: Session,
  session: Session,
  unit: UnitId,
  waits: Map<string, number>,
): Promise<PhasegateError | undefined> {
  const holders = await context.target.blockersOf(observer, session.backend)
  const now = context.clock.now()
  for (const holder of holders) {
    const since = waits.get(holder.backend.id) ?? now
    waits.set(holder.backend.id, since)
    context.emit({ type: 'unit.waiting', unit, for: describeHolder(holder), ms: now - since })
    if (now - since > context.settings.concurrentWait) return blocked(unit, describeHolder(holder), now - since)
  }
  return undefined
}

function blocked(unit: UnitId, holder: string, waitedMs: number): PhasegateError {
  return new PhasegateError({
    code: 'STEP.BLOCKED',
    message: `A concurrent step of ${unitName(unit)} waited ${Math.round(waitedMs / 1000)} s for one old transaction and was cancelled.`,
    why: `It waited for ${holder}`,
    next: ['End that session or wait for it, then run the same command again: what is half built is removed first.'],
    exit: EXIT.lockBusy,
  })
}

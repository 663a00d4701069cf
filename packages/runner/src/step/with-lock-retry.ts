import {
  type ErrorKind,
  EXIT,
  type LockHolder,
  PhasegateError,
  type Session,
  type StepRecord,
  type UnitId,
  unitName,
} from '@phasegate/core'
import { describeHolder } from '../lane/with-lane-lock.js'
import type { RunnerContext } from '../runner-context.js'

/** Nothing has happened after one of these: the transaction is rolled back whole. */
const RETRIED: readonly ErrorKind[] = ['lock timeout', 'statement timeout', 'deadlock', 'serialization']
/** How long beyond its own limit the server needs to cancel a background job and give us the lock, in ms. */
const YIELD_MARGIN = 300

export interface LockedStep {
  readonly unit: UnitId
  readonly step: Pick<StepRecord, 'position' | 'statement' | 'lock'>
  /** Asked before each attempt, since attempts may be minutes apart; throws to stop there. */
  readonly before: () => Promise<void>
}

/**
 * Runs `attempt` until it gets its lock. Before each attempt it looks for transactions that are older than the timeout
 * and would block it, and waits for them outside the queue, where nobody has to wait behind us. Every attempt is a whole
 * transaction: a retry by savepoint would keep the locks of the earlier statements.
 *
 * @param attempt gets the lock timeout in ms that this attempt may use
 * @throws `LOCK.HELD` when attempts or time run out, naming who held the lock
 */
export async function withLockRetry(
  context: RunnerContext,
  session: Session,
  locked: LockedStep,
  attempt: (lockTimeout: number) => Promise<void>,
): Promise<void> {
  const { settings, clock } = context
  const started = clock.now()
  let reason = 'lock timeout'
  let outwaited = false
  for (let count = 1; ; count++) {
    context.signal.throwIfAborted()
    await locked.before()
    const before: readonly LockHolder[] = await blockers(context, session, locked)
    // Once: everybody behind us waits as long as we do.
    const patient: boolean = !outwaited && before.length > 0 && before.every((holder) => holder.autovacuum)
    outwaited ||= patient
    let holders = before.filter((holder) => holder.transactionSeconds * 1000 > settings.lockTimeout)
    if (holders.length === 0 || patient) {
      const lockTimeout = patient ? (await context.target.yieldTime(session)) + YIELD_MARGIN : settings.lockTimeout
      try {
        return await attempt(lockTimeout)
      } catch (error) {
        const kind = context.target.classify(error)
        if (!RETRIED.includes(kind)) throw error
        reason = kind
        holders = [...(await blockers(context, session, locked))]
      }
    } else {
      reason = 'an old transaction'
    }
    const spent = clock.now() - started
    if (count >= settings.retry.attempts || spent > settings.retry.totalTime)
      throw lockHeld(locked, reason, holders, count, spent)
    const pauseMs = pauseBefore(count, context)
    context.emit({
      type: 'step.retry',
      unit: locked.unit,
      position: locked.step.position,
      attempt: count,
      pauseMs,
      reason,
      holders,
    })
    await clock.sleep(pauseMs, context.signal)
  }
}

function blockers(context: RunnerContext, session: Session, { step }: LockedStep): Promise<readonly LockHolder[]> {
  return context.target.holdersOf(session, step.lock.tables, step.lock.mode)
}

/** Growing pauses with jitter, so that runners and retries do not march in step. */
function pauseBefore(count: number, { settings, clock }: RunnerContext): number {
  const grown = Math.min(settings.retry.firstPause * 1.5 ** (count - 1), settings.retry.maxPause)
  return Math.round(grown * (0.5 + clock.random()))
}

function lockHeld(
  { unit, step }: LockedStep,
  reason: string,
  holders: readonly LockHolder[],
  attempts: number,
  spentMs: number,
): PhasegateError {
  const names = holders.map(describeHolder)
  const byItself = reason === 'statement timeout' && names.length === 0
  return new PhasegateError({
    code: byItself ? 'STEP.TIMEOUT' : 'LOCK.HELD',
    message: byItself
      ? `Step ${step.position + 1} of ${unitName(unit)} takes longer than the statement timeout allows (${attempts} attempts).`
      : `Step ${step.position + 1} of ${unitName(unit)} did not get ${step.lock.atEnds === undefined ? `its ${step.lock.mode} lock` : 'the lock of its begin or end'} in ${attempts} attempts (${Math.round(spentMs / 1000)} s; ${reason}).`,
    why: byItself
      ? `${step.statement.slice(0, 200)} runs under a lock that others would wait for, so its time is bounded.`
      : names.length === 0
        ? 'Whoever held it is not to be seen: it is over, or hidden from this account, or no session (a prepared transaction, a backup).'
        : `Held by ${names.join('; ')}`,
    next: byItself
      ? ['Write it as a backfill or a safe operation, or raise --statement-timeout for this run.']
      : [
          names.length === 0
            ? 'Run the same command again: finished steps stay done. phasegate doctor says what this account cannot see.'
            : 'End or wait for the session above, then run the same command again: finished steps stay done.',
        ],
    exit: byItself ? EXIT.failed : EXIT.lockBusy,
    meta: { unit: unitName(unit), step: step.position, holders },
  })
}

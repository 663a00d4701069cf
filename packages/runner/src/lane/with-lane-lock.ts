import { EXIT, type LockHolder, type LockName, PhasegateError, type Session } from '@phasegate/core'
import type { RunnerContext } from '../runner-context.js'

const FIRST_PAUSE = 100
const LONGEST_PAUSE = 1_000

type Waiting = Pick<RunnerContext, 'target' | 'settings' | 'clock' | 'emit' | 'signal'>

/**
 * Holds a lock while `work` runs. The lock is polled, never waited for inside the server (see the dialect's lane lock),
 * and ends with the session, so a crash leaves nothing behind.
 *
 * @throws `LOCK.BUSY` after `settings.maxLockWait` ms, naming the holder
 */
export async function withLaneLock<T>(
  context: Waiting,
  session: Session,
  lock: LockName,
  work: () => Promise<T>,
): Promise<T> {
  await acquire(context, session, lock)
  try {
    return await work()
  } finally {
    // A session that is gone has given its locks back already; the error of `work` is the one that counts.
    await context.target.unlock(session, lock).catch(() => {})
  }
}

/**
 * Runs `work` while others may have the lock, and takes it again whatever became of that: for what goes on for hours. What
 * was read before has to be read anew.
 */
export async function outsideLaneLock<T>(
  context: Waiting,
  session: Session,
  lock: LockName,
  work: () => Promise<T>,
): Promise<T> {
  await context.target.unlock(session, lock)
  try {
    return await work()
  } finally {
    if (!context.signal.aborted) await acquire(context, session, lock)
  }
}

async function acquire(context: Waiting, session: Session, lock: LockName): Promise<void> {
  const started = context.clock.now()
  let pause = FIRST_PAUSE
  for (;;) {
    context.signal.throwIfAborted()
    const waitedMs = context.clock.now() - started
    if (await context.target.tryLock(session, lock)) {
      context.emit({ type: 'lock.acquired', lock, waitedMs })
      return
    }
    const holder = await context.target.lockHolder(session, lock)
    if (waitedMs >= context.settings.maxLockWait) throw lockBusy(lock, holder, waitedMs)
    context.emit({ type: 'lock.waiting', lock, holder, waitedMs })
    await context.clock.sleep(pause * (0.5 + context.clock.random()), context.signal)
    pause = Math.min(pause * 1.5, LONGEST_PAUSE)
  }
}

/** `phasegate/expand ci-3:4711 (session 812, for 40 s): CREATE INDEX …` */
export function describeHolder(holder: LockHolder): string {
  const who = holder.autovacuum
    ? 'autovacuum'
    : [holder.application, holder.user].filter((text) => text !== '').join(', user ')
  const time = holder.transactionSeconds >= 1 ? `, transaction open for ${Math.round(holder.transactionSeconds)} s` : ''
  const query = holder.query === '' ? '' : `: ${holder.query.replace(/\s+/g, ' ').slice(0, 120)}`
  return `${who || 'a session'} (session ${holder.backend.id} from ${holder.client || 'unknown'}, ${holder.state}${time})${query}`
}

function lockBusy(lock: LockName, holder: LockHolder | undefined, waitedMs: number): PhasegateError {
  return new PhasegateError({
    code: 'LOCK.BUSY',
    message: `Another runner holds the ${lock} lock of this database; waited ${Math.round(waitedMs / 1000)} s.`,
    why: holder === undefined ? 'The holder ended just now.' : `Held by ${describeHolder(holder)}`,
    next: ['Run the same command again, or wait longer with --max-lock-wait.'],
    exit: EXIT.lockBusy,
    meta: { lock, holder },
  })
}

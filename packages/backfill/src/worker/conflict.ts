import type { Backend, ErrorKind, LockHolder } from '@phasegate/core'
import type { CompareSettings } from '../options.js'
import type { WorkerSession } from './worker-session.js'

/** What is tried again: smaller and later. */
const CONFLICTS: ReadonlySet<ErrorKind> = new Set(['lock timeout', 'statement timeout', 'deadlock', 'serialization'])

export const isConflict = (kind: ErrorKind): boolean => CONFLICTS.has(kind)

/** ms to wait before attempt `attempt` (from 1), with jitter, so that two that met do not meet again. */
export function conflictPause(attempt: number, random: number): number {
  return Math.min(2000, 25 * 2 ** Math.min(attempt, 10)) * (0.5 + random)
}

/**
 * Who keeps us waiting is known only while we wait: looks from a second session while `attempt` runs, which is expected
 * to run into its lock timeout. What becomes of the attempt is the caller's to see.
 */
export async function watchBlockers(
  settings: CompareSettings,
  backend: Backend,
  attempt: Promise<unknown>,
): Promise<readonly LockHolder[]> {
  const watcher = await settings.openSession()
  try {
    let waiting = true
    const ended = attempt.then(
      () => {
        waiting = false
      },
      // The caller awaits the same promise and handles its error there.
      () => {
        waiting = false
      },
    )
    while (waiting) {
      const holders = await settings.target.blockersOf(watcher, backend)
      if (holders.length > 0) return holders
      await Promise.race([ended, settings.clock.sleep(10)])
    }
    return []
  } finally {
    await watcher.close()
  }
}

/** Reads again and again until the server gives an answer: for work that changes nothing and can simply be repeated. */
export async function readAgain<T>(
  settings: CompareSettings,
  worker: WorkerSession,
  read: (session: Awaited<ReturnType<WorkerSession['get']>>) => Promise<T>,
  onConflict: () => void,
): Promise<T> {
  const since = settings.clock.now()
  for (let attempt = 1; ; attempt++) {
    settings.signal?.throwIfAborted()
    settings.pulse()
    try {
      return await read(await worker.get())
    } catch (error) {
      const kind = settings.target.classify(error)
      const again = isConflict(kind) || kind === 'cancelled' || kind === 'connection'
      const patience = kind === 'connection' ? settings.reconnectMs : settings.stuckMs
      if (!again || settings.clock.now() - since > patience)
        throw settings.target.translate(error, `reading ${settings.backfill.table.name}`)
      if (kind === 'connection') await worker.replace(error)
      else onConflict()
      await settings.clock.sleep(conflictPause(attempt, settings.clock.random()), settings.signal)
    }
  }
}

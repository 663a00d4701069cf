import { setTimeout as sleep } from 'node:timers/promises'
import type { Observer } from '../databases/demo-database.js'

/** ms between two looks. */
const LOOK_EVERY = 20

export interface LockWaits {
  /** From now on counted under this name. */
  begin(phase: string): void
  /** ms, the longest wait seen in the phase; off by the time between two looks at most. */
  longest(phase: string): number
  stop(): Promise<void>
}

/**
 * Looks again and again at which of the application's statements wait for a lock, and for how long.
 *
 * @param observer for this alone; ended by `stop`
 */
export function watchLockWaits(observer: Observer): LockWaits {
  const longest = new Map<string, number>()
  let current = ''
  let stopping = false
  const watching = watch()
  // Reported by `stop`; until then it must not end the process.
  watching.catch(() => {})

  return {
    begin: (phase) => {
      current = phase
    },
    longest: (phase) => longest.get(phase) ?? 0,
    async stop() {
      stopping = true
      await watching.finally(() => observer.end())
    },
  }

  async function watch(): Promise<void> {
    while (!stopping) {
      const phase = current
      const ms = await observer.longestWait()
      longest.set(phase, Math.max(longest.get(phase) ?? 0, ms))
      await sleep(LOOK_EVERY)
    }
  }
}

import type { DeskOptions } from './desk-options.js'

/** Nothing has happened after one of these. */
const RETRIED = ['lock timeout', 'statement timeout', 'deadlock']

/**
 * Tries until it gets its locks: each attempt waits for `lockTimeout` ms at most, and so keeps nobody waiting for longer.
 *
 * @param waiting told before each further attempt
 * @throws what the last attempt threw
 */
export async function withLockRetry<T>(
  { settings, clock, signal, target }: Pick<DeskOptions, 'settings' | 'clock' | 'signal' | 'target'>,
  waiting: (reason: string) => void,
  attempt: (limits: { readonly lockTimeout: number; readonly statementTimeout: number }) => Promise<T>,
): Promise<T> {
  const { lockTimeout, retry } = settings
  for (let count = 1; ; count++) {
    try {
      return await attempt({ lockTimeout, statementTimeout: 0 })
    } catch (error) {
      const kind = target.classify(error)
      if (!RETRIED.includes(kind) || count >= retry.attempts) throw error
      waiting(`${kind}, attempt ${count}`)
      await clock.sleep(retry.pause * (0.5 + clock.random()) * Math.min(count, 10), signal)
    }
  }
}

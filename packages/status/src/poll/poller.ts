import type { Clock } from '@phasegate/core'
import { createPause } from './pause.js'

export interface PollerOptions<T> {
  readonly read: () => Promise<T>
  /** Never throws. */
  readonly onRead: (value: T) => void
  /** Never throws. */
  readonly onError: (error: unknown) => void
  /** ms until the next poll, asked after each one. */
  readonly interval: () => number
  /** ms after which a poll counts as failed. */
  readonly timeout: number
  readonly clock: Pick<Clock, 'now' | 'random'>
}

export interface Poller {
  /** Resolves when the current poll (or a new one) has ended, one way or the other. Never rejects. */
  poll(): Promise<void>
  /** A poll that begins after this call: once the current one has ended, if there is one. */
  pollAgain(): Promise<void>
  /** Polls from now on. */
  start(): void
  /** Polls no more; what is under way is not reported. Resolves when that has settled or counts as failed. */
  close(): Promise<void>
}

/** After this many timeouts a statement that never settled is given up, and the next poll asks anew. */
const GIVE_UP_AFTER = 12

/**
 * Asks again and again, one question at a time: a statement that has timed out here may still hold a connection, so
 * nothing new is asked before it has settled or counts as lost. Its timer keeps no process alive.
 */
export function createPoller<T>(options: PollerOptions<T>): Poller {
  const { clock, timeout } = options
  let closed = false
  let timer: NodeJS.Timeout | undefined
  let current: Promise<void> | undefined
  let asked: { readonly since: number } | undefined
  const pauseOf = createPause(clock.random)

  async function ask(): Promise<void> {
    const question = { since: clock.now() }
    asked = question
    const answer = callSafely(options.read).finally(() => {
      if (asked === question) asked = undefined
    })
    try {
      const value = await withTimeout(answer, timeout)
      if (!closed) options.onRead(value)
    } catch (error) {
      if (!closed) options.onError(error)
    }
  }

  async function run(): Promise<void> {
    if (closed) return
    if (asked !== undefined && clock.now() - asked.since < timeout * GIVE_UP_AFTER)
      options.onError(new Error(`the database has not answered for ${Math.round(clock.now() - asked.since)} ms`))
    else await ask()
    schedule()
  }

  function schedule(): void {
    clearTimeout(timer)
    if (closed) return
    timer = setTimeout(poll, pauseOf(options.interval()))
    timer.unref()
  }

  function poll(): Promise<void> {
    current ??= run().finally(() => {
      current = undefined
    })
    return current
  }

  return {
    poll,
    pollAgain: async () => {
      await current
      await poll()
    },
    start: () => void poll(),
    close: async () => {
      closed = true
      clearTimeout(timer)
      await current
    },
  }
}

/** A query function that throws at once instead of rejecting is no different. */
async function callSafely<T>(read: () => Promise<T>): Promise<T> {
  return read()
}

/** Rejects where `promise` has not settled after `ms`; keeps no process alive. */
export function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the database did not answer within ${ms} ms`)), ms)
    timer.unref()
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

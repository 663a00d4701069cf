import { isPhasegateError } from '@phasegate/core'
import type { RunnerContext } from '../runner-context.js'
import { UnitHeld } from '../unit-outcome.js'

/** A statement that brings the server down, or a session that is ended each time, is not tried for ever. */
const MOST_LOSSES = 5

/**
 * Runs `work`, and runs it again when the connection was lost: everything that it has done is in the journal, so it
 * begins by reading that. Gives up when no attempt got further for `settings.reconnectTime` ms, or when a session that
 * was there has been lost five times.
 */
export async function withReconnect<T>(context: RunnerContext, work: () => Promise<T>): Promise<T> {
  let lostAt: number | undefined
  let losses = 0
  for (let attempt = 1; ; attempt++) {
    const started = context.clock.now()
    try {
      return await work()
    } catch (error) {
      if (!isConnectionLoss(context, error)) throw error
      const now = context.clock.now()
      // What could not even be opened comes coded.
      if (!isPhasegateError(error)) losses++
      // An attempt that worked for a while starts a new count: this is another outage.
      if (lostAt === undefined || now - started > 10_000) lostAt = now
      if (losses > MOST_LOSSES || now - lostAt > context.settings.reconnectTime)
        throw context.target.translate(error, 'running a lane')
      const reason = error instanceof Error ? error.message : String(error)
      context.emit({ type: 'connection.lost', reason, attempt })
      await context.clock.sleep(Math.min(200 * 1.5 ** attempt, 3_000) * (0.5 + context.clock.random()), context.signal)
    }
  }
}

/** Translated or raw: a session that could not be opened comes coded, a query that broke comes as the driver says it. */
export function isConnectionLoss(context: Pick<RunnerContext, 'target'>, error: unknown): boolean {
  // Its text is what a gate said, which may speak of connections of its own.
  if (error instanceof UnitHeld) return false
  if (isPhasegateError(error)) return error.code === 'DATABASE.UNREACHABLE'
  return context.target.classify(error) === 'connection'
}

import { type Emit, type EngineDesk, systemClock, type Target } from '@phasegate/core'
import type { ThrottleWatch } from '@phasegate/engines'
import type { Settings } from '../config/settings.js'

/** ms to try to reconnect after a supervisor's connection was lost. */
const RECONNECT_TIME = 60_000
/** ms before a step that did not get its lock is tried again, ten times that at most. */
const LOCK_PAUSE = 1_000

export interface DeskOwner {
  readonly target: Target
  readonly settings: Settings
  readonly emit: Emit
  readonly signal: AbortSignal
}

/** The engines of a target, by the configuration. */
export async function openEngineDesk({ target, settings, emit, signal }: DeskOwner): Promise<EngineDesk> {
  const { createEngineDesk } = await import('@phasegate/engines')
  const { lock } = settings
  const watchFor = async (table: string): Promise<ThrottleWatch | undefined> => {
    const { watchLoad } = await import('@phasegate/backfill')
    const { throttle } = settings.backfill.pace
    const watch = watchLoad({ target, table: { name: table }, throttle, clock: systemClock, onUnseen: () => {} })
    if (watch === undefined) return undefined
    await watch.ready
    return {
      read: () => {
        const verdict = watch.verdict()
        return verdict.level === 'go' ? null : { level: verdict.level, reason: verdict.reason }
      },
      close: () => watch.close(),
    }
  }
  return createEngineDesk({
    target,
    settings: {
      ...settings.engines,
      lockTimeout: lockTimeoutOf(target, settings),
      retry: { attempts: lock.retries + 1, pause: LOCK_PAUSE },
      reconnectTime: RECONNECT_TIME,
    },
    openSession: () => target.openSession('engine'),
    watchServer: (table) => watchFor(table),
    clock: systemClock,
    emit,
    signal,
  })
}

/** ms, in whole units of what the server counts in. */
export function lockTimeoutOf({ lockTimeoutUnit }: Pick<Target, 'lockTimeoutUnit'>, { lock }: Settings): number {
  return Math.ceil(lock.lockTimeout / lockTimeoutUnit) * lockTimeoutUnit
}

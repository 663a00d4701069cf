import type { LeasedRange } from '@phasegate/core'
import type { Walk } from '../range/walk.js'
import { withinDeadline } from '../worker/answer-deadline.js'
import type { Hold } from './hold.js'

/** Renews a lease that nothing else prolongs: a batch prolongs it, waiting does not. */
export interface LeaseKeeper {
  /** Prolongs it if a third of it is gone since it was last prolonged; false: it is not ours any more. */
  keep(range: LeasedRange): Promise<boolean>
  /** A batch has just prolonged it. */
  prolonged(): void
}

export function createLeaseKeeper({ settings, worker }: Pick<Walk, 'settings' | 'worker'>): LeaseKeeper {
  const { clock, leaseMs, target } = settings
  let at = clock.now()
  return {
    keep: async (range) => {
      if (clock.now() - at < leaseMs / 3) return true
      const session = await worker.get()
      const ours = await withinDeadline(target.backfill.renew(session, range, leaseMs), leaseMs, clock)
      at = clock.now()
      return ours
    },
    prolonged: () => {
      at = clock.now()
    },
  }
}

/** Waits out a part of what is in the way, saying so; whoever calls looks at wishes again before it goes on. */
export async function rest({ settings, throttle, worker }: Walk, hold: Hold): Promise<void> {
  await throttle.held(hold, worker)
  if (hold.until === undefined) return await settings.clock.sleep(hold.ms, settings.signal)
  const over = new AbortController()
  const signal = AbortSignal.any([over.signal, ...(settings.signal === undefined ? [] : [settings.signal])])
  void hold.until.then(() => over.abort())
  await settings.clock.sleep(hold.ms, signal).catch((error: unknown) => {
    if (!over.signal.aborted) throw error
  })
}

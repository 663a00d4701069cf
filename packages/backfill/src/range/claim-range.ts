import type { LeaseAnswer, LeasedRange } from '@phasegate/core'
import { IDLE_POLL_MS } from '../options.js'
import { endOf, type Wish, wishOf } from '../pause.js'
import { readAgain } from '../worker/conflict.js'
import { splitRange } from './split-range.js'
import type { Walk } from './walk.js'

export type Claim =
  | { readonly state: 'leased'; readonly range: LeasedRange }
  /** Every range of the unit is whole. */
  | { readonly state: 'whole' }
  | { readonly state: 'wish'; readonly wish: Wish }
  /** Somebody else ended the unit. */
  | { readonly state: 'ended' }

/**
 * The next range of a worker: one that is free, whose holder is gone or stands still, or a part of one that somebody works
 * on. Where there is nothing to take it waits: a holder may die yet.
 */
export async function claimRange(walk: Walk): Promise<Claim> {
  const { settings } = walk
  for (let attempt = 1; ; attempt++) {
    settings.signal?.throwIfAborted()
    const control = await readAgain(
      settings,
      walk.worker,
      (session) => settings.target.backfill.control(session, settings.unit),
      () => {},
    )
    const wish = wishOf(control)
    if (wish !== undefined) return { state: 'wish', wish }
    if (endOf(control, settings.fingerprint) !== undefined) return { state: 'ended' }
    const answer = await lease(walk)
    if (answer.state !== 'busy') return answer
    const range = await splitRange(walk)
    if (range !== undefined) return { state: 'leased', range }
    const pause = Math.min(IDLE_POLL_MS, 25 * 2 ** Math.min(attempt, 10))
    await settings.clock.sleep(pause * (0.5 + settings.clock.random()), settings.signal)
  }
}

async function lease({ settings, worker }: Walk): Promise<LeaseAnswer> {
  return await readAgain(
    settings,
    worker,
    (session) => settings.target.backfill.lease(session, settings.unit, settings.owner, settings.leaseMs),
    () => {},
  )
}

import type { LeasedRange } from '@phasegate/core'
import { readAgain } from '../worker/conflict.js'
import type { Walk } from './walk.js'

/** Batches that the holder of a range keeps when the rest is taken: so many that splitting costs next to nothing. */
const KEPT_BATCHES = 40
/** A range that is no longer is left as it is: who is at it has ended before a second worker would be of any use. */
const LEAST_BATCHES = 2
/** ms to wait for the holder's batch in flight. */
const LOCK_TIMEOUT_MS = 1000

/**
 * For a worker that finds no free range: takes the tail of one that somebody works on. The holder keeps the next keys and
 * goes on; whoever has ended first does the same to the other, so that nobody works alone for long, however the keys lie.
 * Undefined: what is left is not worth it.
 */
export async function splitRange(walk: Walk): Promise<LeasedRange | undefined> {
  const { settings, worker, key, size } = walk
  const { target, backfill, unit, owner, leaseMs } = settings
  return await readAgain(
    settings,
    worker,
    async (session) => {
      // The newest first: it is the tail of the table more often than not.
      const held = (await target.backfill.ranges(session, unit)).filter(({ whole }) => !whole).reverse()
      for (let kept = KEPT_BATCHES; kept >= LEAST_BATCHES; kept = Math.floor(kept / 2)) {
        for (const range of held) {
          const at = await target.backfill.batchEnd(
            session,
            backfill,
            key,
            range.cursor,
            range.upper,
            kept * size.next(),
          )
          if (at === range.upper) continue
          const taker = { owner, leaseMs, lockTimeout: LOCK_TIMEOUT_MS }
          const rest = await target.backfill.split(session, backfill, key, range, at, taker)
          if (rest !== undefined) return rest
        }
      }
      return undefined
    },
    () => {},
  )
}

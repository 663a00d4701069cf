import { proofOf } from '@phasegate/core'
import type { BackfillOutcome } from '../outcome.js'
import { rest } from '../pace/rest.js'
import { endOf, type Wish, wishOf } from '../pause.js'
import { endedElsewhere, obey } from '../range/run-ranges.js'
import type { Walk } from '../range/walk.js'
import { readAgain } from '../worker/conflict.js'
import { type Comparison, compareTable } from './compare-backfill.js'
import { quarantinedRows } from './quarantine.js'
import { takeTurn } from './verify-turn.js'

export type Verified =
  | ({ readonly state: 'compared' } & Comparison)
  /** Nothing can be compared afterwards: the ranges being whole is the only proof. */
  | { readonly state: 'ranges whole' }

class Wished extends Error {
  readonly wish: Wish
  constructor(wish: Wish) {
    super(wish.action)
    this.wish = wish
  }
}

class Ended extends Error {}

/**
 * All ranges are whole: is every row what its expression says? Marks the unit `verifying`, holds no lock, and gives way to
 * pause and cancel between chunks (a comparison that was paused starts anew). Where another process is at it already, waits
 * for what becomes of it.
 */
export async function verifyBackfill(
  walk: Walk,
  pass: number,
): Promise<Verified | { readonly state: 'another pass' } | BackfillOutcome> {
  const { settings, worker } = walk
  const { target, unit, backfill } = settings
  if (proofOf(backfill) === 'ranges whole') return { state: 'ranges whole' }
  for (;;) {
    const turn = await takeTurn(walk)
    if (turn.state !== 'ours') return turn
    settings.emit({ type: 'unit.changed', unit, state: 'verifying' })
    settings.emit({ type: 'backfill.verifying', unit, pass })
    try {
      const except = (await quarantinedRows(walk)).map((row) => row.key)
      const comparison = await compareTable({ ...settings, except }, worker, walk.key, async (rows) => {
        await walk.log.compared(rows)
        for (;;) {
          const control = await readAgain(
            settings,
            worker,
            (session) => target.backfill.control(session, unit),
            () => {},
          )
          const wish = wishOf(control)
          if (wish !== undefined) throw new Wished(wish)
          if (endOf(control, settings.fingerprint) !== undefined) throw new Ended()
          // Nothing is changed, so that a rate has nothing to say; what stops the work stops this too.
          const stop = walk.pace.stops()
          if (stop === undefined) return walk.throttle.free(undefined, worker)
          await rest(walk, stop)
        }
      })
      await walk.log.compared(null)
      settings.emit({ type: 'backfill.verifying', unit, pass, mismatches: comparison.mismatches })
      return { state: 'compared', ...comparison }
    } catch (error) {
      if (error instanceof Ended) return await endedElsewhere(walk)
      if (!(error instanceof Wished)) throw error
      const stopped = await obey(walk, error.wish)
      if (stopped !== undefined) return stopped
    }
  }
}

import type { LeaseAnswer, LeasedRange } from '@phasegate/core'
import { readAgain } from './conflict.js'
import { PAUSE_POLL_MS } from './options.js'
import type { BackfillOutcome } from './outcome.js'
import { type Wish, wishOf } from './pause.js'
import { rowsDone } from './prepare-backfill.js'
import { type Walk, walkRange } from './walk-range.js'

/**
 * Works until every range of the unit is whole, one leased range after the other, without the lane lock. `first` is a
 * range that is leased already.
 */
export async function runRanges(
  walk: Walk,
  first: LeasedRange | undefined,
): Promise<{ readonly state: 'whole' } | BackfillOutcome> {
  let range = first
  for (;;) {
    if (range === undefined) {
      const answer = await lease(walk)
      if (answer.state === 'whole') return answer
      if (answer.state === 'busy') return { ...answer, rows: await rows(walk) }
      range = answer.range
    }
    const walked = await walkRange(walk, range)
    range = undefined
    if (walked.state === 'wish') {
      const stopped = await obey(walk, walked.wish)
      if (stopped !== undefined) return stopped
    }
  }
}

async function lease(walk: Walk): Promise<LeaseAnswer> {
  const { settings, worker } = walk
  return await readAgain(
    settings,
    worker,
    (session) => settings.target.backfill.lease(session, settings.unit, settings.owner, settings.leaseMs),
    () => {},
  )
}

async function rows({ settings, worker }: Walk): Promise<number> {
  return await readAgain(
    settings,
    worker,
    (session) => rowsDone(settings, session),
    () => {},
  )
}

/** Carries out a wish, the lease being given back. Undefined: it was a pause, it is over, and work goes on. */
export async function obey(walk: Walk, wish: Wish): Promise<BackfillOutcome | undefined> {
  const { settings } = walk
  const { unit, emit } = settings
  if (wish.action === 'cancel') {
    await change(walk, 'cancelled', null)
    return { state: 'cancelled', rows: await rows(walk) }
  }
  await change(walk, 'paused', wish.by)
  await walk.log.paused()
  if (settings.whilePaused === 'return') return { state: 'paused', rows: await rows(walk), reason: wish.reason }
  emit({ type: 'backfill.waiting', unit, reason: wish.reason })
  for (;;) {
    await settings.clock.sleep(PAUSE_POLL_MS, settings.signal)
    const control = await readAgain(
      settings,
      walk.worker,
      (session) => settings.target.backfill.control(session, unit),
      () => {},
    )
    const now = wishOf(control)
    if (now?.action === 'cancel') return await obey(walk, now)
    if (now === undefined) break
  }
  walk.log.resumed()
  await change(walk, 'running', null)
  return undefined
}

async function change(
  { settings, worker }: Walk,
  state: 'paused' | 'cancelled' | 'running',
  paused: 'request' | 'hold' | null,
): Promise<void> {
  await readAgain(
    settings,
    worker,
    (session) =>
      settings.target.journal.changeUnit(session, settings.unit, { state, detail: { paused } }, settings.actor),
    () => {},
  )
  settings.emit({ type: 'unit.changed', unit: settings.unit, state })
}

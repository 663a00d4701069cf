import { PAUSE_POLL_MS } from '../options.js'
import type { BackfillOutcome } from '../outcome.js'
import { endOf, type Wish, wishOf } from '../pause.js'
import { rowsDone } from '../prepare-backfill.js'
import { readAgain } from '../worker/conflict.js'
import type { Crew } from '../worker/crew.js'
import { claimRange } from './claim-range.js'
import type { Walk } from './walk.js'
import { walkRange } from './walk-range.js'

type Worked =
  | { readonly state: 'whole' }
  | { readonly state: 'wish'; readonly wish: Wish }
  | { readonly state: 'ended' }

/** Works until every range of the unit is whole, whoever works on them, without the lane lock. */
export async function runRanges(crew: Crew): Promise<{ readonly state: 'whole' } | BackfillOutcome> {
  for (;;) {
    const worked = await workTogether(crew)
    if (worked.state === 'whole') return worked
    if (worked.state === 'ended') return await endedElsewhere(crew.lead)
    const stopped = await obey(crew.lead, worked.wish)
    if (stopped !== undefined) return stopped
  }
}

/** All workers, until each has nothing to do any more. What fails for one stops the others, and is thrown. */
async function workTogether(crew: Crew): Promise<Worked> {
  let failure: { readonly error: unknown } | undefined
  const worked = await Promise.all(
    crew.walks.map(async (walk) => {
      try {
        return await workAlone(walk)
      } catch (error) {
        failure ??= { error }
        crew.stop(error)
        return undefined
      }
    }),
  )
  if (failure !== undefined) throw failure.error
  const ends = worked.filter((one) => one !== undefined)
  const wishes = ends.flatMap((one) => (one.state === 'wish' ? [one] : []))
  return (
    ends.find((one) => one.state === 'ended') ??
    wishes.find(({ wish }) => wish.action === 'cancel') ??
    wishes[0] ?? { state: 'whole' }
  )
}

/** One leased range after the other. */
async function workAlone(walk: Walk): Promise<Worked> {
  for (;;) {
    const claim = await claimRange(walk)
    if (claim.state !== 'leased') return claim
    const walked = await walkRange(walk, claim.range)
    if (walked.state === 'wish' || walked.state === 'ended') return walked
  }
}

async function rows({ settings, worker }: Walk): Promise<number> {
  return await readAgain(
    settings,
    worker,
    (session) => rowsDone(settings, session),
    () => {},
  )
}

/** What becomes of a worker whose unit another process has ended. */
export async function endedElsewhere(walk: Walk): Promise<BackfillOutcome> {
  const { state } = await readControl(walk)
  return { state: state === 'applied' ? 'applied' : 'ended', rows: await rows(walk) }
}

/** Carries out a wish, the leases being given back. Undefined: it was a pause, it is over, and work goes on. */
export async function obey(walk: Walk, wish: Wish): Promise<BackfillOutcome | undefined> {
  const { settings } = walk
  const { unit, emit } = settings
  if (wish.action === 'cancel') {
    await change(walk, 'cancelled', null)
    return { state: 'cancelled', rows: await rows(walk) }
  }
  // Another process may have paused it already, and a person may have withdrawn the wish by now.
  const before = await readControl(walk)
  if (wishOf(before) !== undefined && before.state !== 'paused') await change(walk, 'paused', wish.by)
  await walk.log.paused()
  if (settings.whilePaused === 'return') return { state: 'paused', rows: await rows(walk), reason: wish.reason }
  emit({ type: 'backfill.waiting', unit, reason: wish.reason })
  for (;;) {
    const control = await readControl(walk)
    const now = wishOf(control)
    if (now?.action === 'cancel') return await obey(walk, now)
    if (endOf(control, settings.fingerprint) !== undefined) return await endedElsewhere(walk)
    if (now === undefined) {
      walk.log.resumed()
      // `resume` has done so itself; a hold that is lifted does not.
      if (control.state === 'paused') await change(walk, 'running', null)
      return undefined
    }
    // Resumed, and paused anew before we looked.
    if (control.state !== 'paused') await change(walk, 'paused', now.by)
    await settings.clock.sleep(PAUSE_POLL_MS, settings.signal)
  }
}

function readControl({ settings, worker }: Walk) {
  return readAgain(
    settings,
    worker,
    (session) => settings.target.backfill.control(session, settings.unit),
    () => {},
  )
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

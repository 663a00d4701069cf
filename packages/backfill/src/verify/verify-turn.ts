import type { Session } from '@phasegate/core'
import { IDLE_POLL_MS } from '../options.js'
import type { BackfillOutcome } from '../outcome.js'
import { endOf, type Wish, wishOf } from '../pause.js'
import { obey } from '../range/run-ranges.js'
import type { Walk } from '../range/walk.js'
import { readAgain } from '../worker/conflict.js'

export type Turn = { readonly state: 'ours' } | { readonly state: 'another pass' } | BackfillOutcome

/**
 * One of those who worked on a unit verifies it: under the lane lock the unit is marked `verifying` with the session that
 * does. The others wait until it is ended, a further pass begins, or that session is gone and the turn is theirs.
 */
export async function takeTurn(walk: Walk): Promise<Turn> {
  const { settings } = walk
  for (;;) {
    settings.signal?.throwIfAborted()
    const looked = await readAgain(
      settings,
      walk.worker,
      (session) => look(walk, session),
      () => {},
    )
    if (looked.state === 'wish') {
      const stopped = await obey(walk, looked.wish)
      if (stopped !== undefined) return stopped
      continue
    }
    if (looked.state === 'free') {
      const session = await walk.worker.get()
      const turn = await settings.withLaneLock(async (lane): Promise<'ours' | 'look again'> => {
        if ((await look(walk, lane, session)).state !== 'free') return 'look again'
        const change = { state: 'verifying', backend: session.backend } as const
        await settings.target.journal.changeUnit(lane, settings.unit, change, settings.actor)
        return 'ours'
      })
      if (turn === 'ours') return { state: 'ours' }
      continue
    }
    if (looked.state !== 'taken') return looked
    await settings.clock.sleep(IDLE_POLL_MS * (0.5 + settings.clock.random()), settings.signal)
  }
}

type Look =
  | { readonly state: 'wish'; readonly wish: Wish }
  | { readonly state: 'applied' | 'ended'; readonly rows: number }
  | { readonly state: 'another pass' }
  | { readonly state: 'free' }
  | { readonly state: 'taken' }

/** How the unit stands, for one whose ranges were whole. */
async function look({ settings }: Walk, session: Session, own = session): Promise<Look> {
  const { target, unit, fingerprint } = settings
  const control = await target.backfill.control(session, unit)
  const { rows, open } = await target.backfill.totals(session, unit)
  const wish = wishOf(control)
  if (wish !== undefined) return { state: 'wish', wish }
  if (control.state === 'applied') return { state: 'applied', rows }
  if (endOf(control, fingerprint) !== undefined) return { state: 'ended', rows }
  if (open > 0) return { state: 'another pass' }
  if (control.state !== 'verifying') return { state: 'free' }
  const workers = await target.backfill.workers(session, unit)
  const taken = workers.some(({ alive, backend }) => alive && backend.id !== own.backend.id)
  return taken ? { state: 'taken' } : { state: 'free' }
}

import { type BackfillTable, type LeasedRange, NO_PROGRESS, type Session } from '@phasegate/core'
import { changedOnce } from './backfill-errors.js'
import type { BackfillSettings } from './options.js'
import type { BackfillOutcome } from './outcome.js'
import { wishOf } from './pause.js'

export type Prepared =
  | {
      readonly state: 'ready'
      readonly table: BackfillTable
      /** Undefined where every range is whole already: what is left is to verify. */
      readonly range: LeasedRange | undefined
      readonly rows: number
      readonly walked: number
    }
  | BackfillOutcome

/**
 * Looks at the table, and under the lane lock creates the first range, leases it and marks the unit running. Whatever is
 * wrong with the file is thrown here, before anything has changed.
 *
 * @throws `BACKFILL.NO_TABLE`, `BACKFILL.NO_COLUMN`, `BACKFILL.NO_KEY`, `BACKFILL.EXPRESSION`, `BACKFILL.CHANGED`
 */
export async function prepareBackfill(settings: BackfillSettings, session: Session): Promise<Prepared> {
  const { target, unit, backfill } = settings
  const ranges = target.backfill
  const table = await ranges.inspect(session, backfill)
  return await settings.withLaneLock(async (lane): Promise<Prepared> => {
    const control = await ranges.control(lane, unit)
    const rows = await rowsDone(settings, lane)
    if (control.state === 'applied') return { state: 'applied', rows }
    const wish = wishOf(control)
    if (wish?.action === 'cancel') {
      await target.journal.changeUnit(lane, unit, { state: 'cancelled', detail: { paused: null } }, settings.actor)
      return { state: 'cancelled', rows }
    }
    if (wish !== undefined) return { state: 'paused', rows, reason: wish.reason }
    const edited = control.fingerprint !== null && control.fingerprint !== settings.fingerprint
    if (edited && backfill.once && rows > 0) throw changedOnce(unit, rows)

    const busy = (await ranges.workers(lane, unit)).find(
      ({ alive, backend }) => alive && backend.id !== session.backend.id,
    )
    if (edited && busy === undefined) await ranges.forgetRanges(lane, unit)
    if ((await ranges.ranges(lane, unit)).length === 0) {
      await ranges.recordProgress(lane, unit, () => NO_PROGRESS)
      const upper = await ranges.upperBound(session, backfill, table.key)
      if (upper !== null) await ranges.addRange(lane, unit, 0, upper)
    }
    const answer = await ranges.lease(session, unit, settings.owner, settings.leaseMs)
    if (answer.state === 'busy') return { ...answer, rows }
    if (answer.state === 'whole' && busy !== undefined) return { ...busy, state: 'busy', rows }
    await target.journal.startUnit(lane, {
      unit,
      fingerprint: settings.fingerprint,
      actor: settings.actor,
      backend: session.backend,
      state: 'running',
      detail: { paused: null },
    })
    settings.emit({
      type: 'unit.started',
      unit,
      resumed: control.state !== null && control.state !== 'pending',
      steps: 0,
    })
    const started = edited ? 0 : rows
    const range = answer.state === 'leased' ? answer.range : undefined
    return { state: 'ready', table, range, rows: started, walked: edited ? 0 : control.walked }
  })
}

/** What all passes have changed so far. */
export async function rowsDone(settings: BackfillSettings, session: Session): Promise<number> {
  const ranges = await settings.target.backfill.ranges(session, settings.unit)
  return ranges.reduce((sum, range) => sum + range.rowsDone, 0)
}

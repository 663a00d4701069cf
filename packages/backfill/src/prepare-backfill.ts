import {
  type BackfillControl,
  type BackfillTable,
  keyName,
  NO_PROGRESS,
  type QuarantinedRow,
  type RetriedRow,
  type Session,
} from '@phasegate/core'
import { changedOnce, keyChangedOnce } from './backfill-errors.js'
import type { BackfillSettings } from './options.js'
import type { BackfillOutcome } from './outcome.js'
import { wishOf } from './pause.js'

export type Prepared =
  | {
      readonly state: 'ready'
      readonly table: BackfillTable
      readonly rows: number
      readonly walked: number
    }
  | BackfillOutcome

/**
 * Looks at the table, and under the lane lock creates the range that the first pass begins as and marks the unit running,
 * or joins those who work on it. Whatever is wrong with the file is thrown here, before anything has changed.
 *
 * @throws `BACKFILL.NO_TABLE`, `BACKFILL.NO_COLUMN`, `BACKFILL.NO_KEY`, `BACKFILL.EXPRESSION`, `BACKFILL.CHANGED`,
 *   `BACKFILL.KEY_CHANGED`
 */
export async function prepareBackfill(settings: BackfillSettings, session: Session): Promise<Prepared> {
  const { target, unit, backfill } = settings
  const ranges = target.backfill
  const table = await ranges.inspect(session, backfill)
  return await settings.withLaneLock(async (lane): Promise<Prepared> => {
    const control = await ranges.control(lane, unit)
    const { rows, keys, pass } = await ranges.totals(lane, unit)
    const again = await retried(settings, lane, control)
    const wish = wishOf(control)
    if (control.state === 'applied' && (again.length === 0 || wish?.action === 'cancel'))
      return { state: 'applied', rows, ...(again.length === 0 ? {} : { quarantined: again.length }) }
    if (wish?.action === 'cancel') {
      await target.journal.changeUnit(lane, unit, { state: 'cancelled', detail: { paused: null } }, settings.actor)
      return { state: 'cancelled', rows }
    }
    if (wish !== undefined) return { state: 'paused', rows, reason: wish.reason }
    const edited = control.fingerprint !== null && control.fingerprint !== settings.fingerprint
    if (edited && backfill.once && rows > 0) throw changedOnce(unit, rows)
    // A cursor says nothing of another key: somebody may have made a better index meanwhile, or dropped this one.
    const key = keyName(table.key)
    const rekeyed = pass !== null && control.key !== null && control.key !== key
    if (rekeyed && backfill.once && rows > 0) throw keyChangedOnce(unit, rows, control.key, key)
    const anew = edited || rekeyed

    const other = (await ranges.workers(lane, unit)).find(
      ({ alive, backend }) => alive && backend.id !== session.backend.id,
    )
    if (anew && other !== undefined) return { ...other, state: 'busy', rows }
    if (anew) await ranges.forgetRanges(lane, unit)
    if (anew || pass === null) {
      await ranges.recordProgress(lane, unit, () => NO_PROGRESS)
      const upper = await ranges.upperBound(session, backfill, table.key)
      if (upper !== null) await ranges.addRange(lane, unit, 0, upper)
    }
    const joins = other !== undefined && (control.state === 'running' || control.state === 'verifying')
    if (!joins)
      await target.journal.startUnit(lane, {
        unit,
        fingerprint: settings.fingerprint,
        actor: settings.actor,
        backend: session.backend,
        state: 'running',
        detail: again.length === 0 ? { paused: null, key } : { paused: null, key, quarantined: null },
      })
    // Once the unit is not applied any more: what a crash leaves is then a unit that goes on.
    if (!anew && pass !== null && !joins && again.length > 0) {
      const inRanges: RetriedRow[] = []
      for (const row of again)
        inRanges.push({ key: row.key, after: await ranges.keyBefore(session, backfill, table.key, row.key) })
      await ranges.retryQuarantined(lane, unit, control.state === 'applied' ? pass + 1 : pass, inRanges)
    }
    settings.emit({
      type: 'unit.started',
      unit,
      resumed: control.state !== null && control.state !== 'pending',
      steps: 0,
    })
    if (anew) return { state: 'ready', table, rows: 0, walked: 0 }
    return { state: 'ready', table, rows, walked: Math.max(keys, control.walked) }
  })
}

/** Rows in quarantine that a person wants tried again, who starts a unit that has ended with them. */
async function retried(
  { target, unit, fingerprint }: BackfillSettings,
  lane: Session,
  { state, fingerprint: begun }: BackfillControl,
): Promise<readonly QuarantinedRow[]> {
  if ((state !== 'applied' && state !== 'failed') || begun !== fingerprint) return []
  return await target.backfill.quarantined(lane, unit)
}

/** What all passes have changed so far. */
export async function rowsDone(settings: BackfillSettings, session: Session): Promise<number> {
  return (await settings.target.backfill.totals(session, settings.unit)).rows
}

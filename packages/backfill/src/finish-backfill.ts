import { mismatch } from './backfill-errors.js'
import type { BackfillOutcome } from './outcome.js'
import { endOf } from './pause.js'
import type { Walk } from './range/walk.js'
import { describeQuarantine, reviewQuarantine } from './verify/quarantine.js'
import type { Verified } from './verify/verify-backfill.js'

/**
 * Under the lane lock: records the verification and ends the unit, or adds the range of one more pass, up to the greatest
 * key of now. `passesLeft` is how many of those there may still be.
 *
 * @throws `BACKFILL.MISMATCH` when there may be no more
 */
export async function finishBackfill(
  walk: Walk,
  verified: Verified,
  passesLeft: number,
): Promise<{ readonly state: 'another pass' } | BackfillOutcome> {
  const { settings, worker, key } = walk
  const { target, unit, actor, backfill } = settings
  await reviewQuarantine(walk)
  return await settings.withLaneLock(async (lane): Promise<{ readonly state: 'another pass' } | BackfillOutcome> => {
    const { rows, pass } = await target.backfill.totals(lane, unit)
    const control = await target.backfill.control(lane, unit)
    if (control.state === 'applied') return { state: 'applied', rows }
    if (endOf(control, settings.fingerprint) !== undefined) return { state: 'ended', rows }
    const passes = (pass ?? -1) + 1
    if (verified.state === 'compared' && verified.mismatches > 0) {
      if (passesLeft <= 0) throw mismatch(unit, backfill, { ...verified, passes })
      const upper = await target.backfill.upperBound(await worker.get(), backfill, key)
      if (upper !== null) await target.backfill.addRange(lane, unit, passes, upper)
      await target.journal.changeUnit(lane, unit, { state: 'running' }, actor)
      settings.emit({ type: 'unit.changed', unit, state: 'running', reason: `${verified.mismatches} rows differ` })
      return { state: 'another pass' }
    }
    const at = (await target.journal.read(lane)).now
    const proof =
      verified.state === 'compared'
        ? { proof: 'compared', rows: verified.rows, at, passes }
        : { proof: 'ranges whole', rows, at, passes }
    const left = await target.backfill.quarantined(lane, unit)
    const quarantined = describeQuarantine(left)
    const detail =
      quarantined === null && backfill.quarantine === undefined ? { verified: proof } : { verified: proof, quarantined }
    await target.journal.changeUnit(lane, unit, { state: 'applied', error: null, detail }, actor)
    settings.emit({ type: 'unit.changed', unit, state: 'applied' })
    return { state: 'applied', rows, ...(left.length === 0 ? {} : { quarantined: left.length }) }
  })
}

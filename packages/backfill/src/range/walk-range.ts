import type { LeasedRange, LockHolder, Session } from '@phasegate/core'
import { rowFailed, stuck } from '../backfill-errors.js'
import { createSlowRow } from '../batch/slow-row.js'
import { mapBatch, RowsChanged } from '../map/map-batch.js'
import { mapThrew } from '../map/map-rows.js'
import type { Hold } from '../pace/hold.js'
import { createLeaseKeeper, rest } from '../pace/rest.js'
import { endOf, type Wish, wishOf } from '../pause.js'
import { mayPass, passRow, type Refused } from '../verify/quarantine.js'
import { withinDeadline } from '../worker/answer-deadline.js'
import { conflictPause, isConflict, watchBlockers } from '../worker/conflict.js'
import type { Walk } from './walk.js'

export type Walked =
  | { readonly state: 'whole' }
  /** The lease is somebody else's now: what is left is theirs. */
  | { readonly state: 'lost' }
  | { readonly state: 'wish'; readonly wish: Wish }
  /** Somebody else ended the unit, or began it anew with another version of the file. */
  | { readonly state: 'ended' }

/** Attempts in a row after which it looks who is in the way, and says so. */
const LOOK_AFTER = 5

/** One statement of a batch, and what is known when it fails. */
interface Attempt {
  size: number
  /** It ends here at the latest. */
  readonly upTo: string
  end: string | undefined
}

/**
 * Walks a leased range to its end, batch by batch, or until somebody wishes otherwise. On any error the batch has been
 * rolled back whole; what happens next is decided by its kind. Releases the lease unless it was lost.
 *
 * @throws `BACKFILL.ROW`, `BACKFILL.TOO_SLOW`, `BACKFILL.STUCK`, what `Target.translate` makes of the rest, and the signal's reason
 */
export async function walkRange(walk: Walk, leased: LeasedRange): Promise<Walked> {
  let range: LeasedRange | undefined = leased
  try {
    const walked = await walkBatches(walk, leased, (now) => {
      range = now
    })
    if (walked.state === 'lost') range = undefined
    return walked
  } finally {
    if (range !== undefined) await release(walk, range)
  }
}

async function release({ settings, worker }: Walk, range: LeasedRange): Promise<void> {
  try {
    const released = settings.target.backfill.release(await worker.get(), range)
    await withinDeadline(released, RELEASE_MS, settings.clock)
  } catch {
    // A lease that cannot be given back is free as soon as its session is gone, which happens right after this.
    await worker.close()
  }
}

/** ms for giving a lease back: a server without room on its disk may keep whoever writes waiting. */
const RELEASE_MS = 5000

async function walkBatches(
  walk: Walk,
  leased: LeasedRange,
  remember: (range: LeasedRange | undefined) => void,
): Promise<Walked> {
  const { settings, size, pace, throttle } = walk
  const { clock, signal, target } = settings
  const lease = createLeaseKeeper(walk)
  let range = leased
  /** What the next batch had to wait for; what is worth telling goes before what is not. */
  let rested: Hold | undefined
  const slowRow = createSlowRow(settings)
  let failures = 0
  let lastProgress = clock.now()
  let holders: readonly LockHolder[] = []
  let refused: Refused | undefined
  let upTo: string | undefined
  for (;;) {
    signal?.throwIfAborted()
    settings.pulse()
    const attempt: Attempt = { size: size.next(), upTo: upTo ?? range.upper, end: undefined }
    try {
      const control = await ask(walk, (session) => target.backfill.control(session, settings.unit))
      const wish = wishOf(control)
      if (wish !== undefined) return { state: 'wish', wish }
      if (endOf(control, settings.fingerprint) !== undefined) return { state: 'ended' }
      if (range.cursor === range.upper) return { state: 'whole' }
      const hold = pace.hold(control)
      if (hold !== undefined) {
        await rest(walk, hold)
        if (!(await lease.keep(range))) return { state: 'lost' }
        if (rested === undefined || rested.silent === true) rested = hold
        lastProgress = clock.now()
        continue
      }
      await throttle.free(rested, walk.worker)
      rested = undefined
      size.limit(pace.mostKeys(control))
      attempt.size = size.next()
      if (refused !== undefined) {
        const passed = await passRow(walk, range, refused)
        refused = undefined
        upTo = passed.state === 'unclear' ? passed.upTo : undefined
        if (passed.state === 'unclear') continue
        if (passed.state === 'passed') size.rowPassed()
        const now = passed.state === 'passed' ? passed.range : await reread(walk, range)
        if (now === undefined) return { state: 'lost' }
        range = now
        remember(range)
        lease.prolonged()
        failures = 0
        lastProgress = clock.now()
        continue
      }
      const look = failures > 0 && failures % LOOK_AFTER === 0
      const step = await runBatch(walk, range, attempt, look ? (seen) => (holders = seen) : undefined)
      if (step === undefined) {
        const now = await reread(walk, range)
        if (now === undefined) return { state: 'lost' }
        range = now
      } else {
        range = step
      }
      upTo = undefined
      remember(range)
      lease.prolonged()
      failures = 0
      slowRow.passed()
      lastProgress = clock.now()
    } catch (error) {
      signal?.throwIfAborted()
      const kind = error instanceof RowsChanged ? 'serialization' : target.classify(error)
      if (kind === 'connection') {
        const again = await leaseAgain(walk, range, error)
        remember(again)
        if (again === undefined) return { state: 'lost' }
        range = again
        refused = undefined
        upTo = undefined
        continue
      }
      const threw = mapThrew(error)
      if ((kind === 'row' || threw) && attempt.end !== undefined) {
        if (size.rowFailed() === 'located') {
          if (!mayPass(walk)) throw threw ? error : rowFailed(settings.unit, settings.backfill, attempt.end, error)
          refused = { end: attempt.end, error }
        }
        await keepLease(walk, range)
        continue
      }
      if (!isConflict(kind) && kind !== 'cancelled')
        throw target.translate(error, `filling ${settings.backfill.table.name}`)
      slowRow.failed(kind, attempt.size, attempt.end, error)
      failures++
      walk.log.retried()
      // A cancelled statement is a wish that the next look at the journal explains, or a person's doing: not too big.
      if (kind === 'statement timeout') size.timedOut()
      else if (kind !== 'cancelled') size.conflicted()
      if (clock.now() - lastProgress > settings.stuckMs) {
        const minutes = Math.round((clock.now() - lastProgress) / 60_000)
        throw stuck(settings.unit, settings.backfill, minutes, holders, error)
      }
      settings.emit({ type: 'batch.retry', unit: settings.unit, reason: describe(kind, holders), size: size.next() })
      if (!(await keepLease(walk, range))) return { state: 'lost' }
      await clock.sleep(conflictPause(failures, clock.random()), signal)
    }
  }
}

function describe(kind: string, holders: readonly LockHolder[]): string {
  const names = holders.map((holder) => `session ${holder.backend.id} (${holder.application || holder.user})`)
  return names.length === 0 ? kind : `${kind}, held by ${names.join(', ')}`
}

async function ask<T>({ settings, worker }: Walk, question: (session: Session) => Promise<T>): Promise<T> {
  return await withinDeadline(question(await worker.get()), settings.leaseMs, settings.clock)
}

/** Runs one batch; undefined where the fence did not let it through. */
async function runBatch(
  walk: Walk,
  range: LeasedRange,
  attempt: Attempt,
  onBlockers: ((holders: readonly LockHolder[]) => void) | undefined,
): Promise<LeasedRange | undefined> {
  const { settings, worker, key, size } = walk
  const { target, backfill, clock, leaseMs } = settings
  const { cursor } = range
  const { upTo } = attempt
  const { end, keys: held } = await walk.ends.next(cursor, upTo, attempt.size, () =>
    ask(walk, (session) => target.backfill.batchEnd(session, backfill, key, cursor, upTo, attempt.size)),
  )
  attempt.end = end
  const started = clock.now()
  const whole = end === range.upper
  const keys = whole ? null : held
  const changes = await mapBatch(walk, key, range, end, () => keepLease(walk, range))
  const running = ask(walk, (session) =>
    target.backfill.runBatch(session, backfill, key, range, end, leaseMs, keys, changes),
  )
  if (onBlockers !== undefined) {
    const [seen] = await Promise.allSettled([watchBlockers(settings, (await worker.get()).backend, running), running])
    // Not being able to look is no reason to stop: the attempt itself says what is wrong.
    if (seen.status === 'fulfilled' && seen.value.length > 0) onBlockers(seen.value)
  }
  const { moved, rows, stale, waited } = await running
  if (stale) throw new RowsChanged()
  if (!moved) return undefined
  const ms = clock.now() - started
  size.succeeded(ms, waited)
  walk.pace.done(rows, ms)
  const now = { ...range, cursor: end, rowsDone: range.rowsDone + rows }
  await walk.log.batch(await worker.get(), { rows, keys: held, ms, whole })
  return now
}

/** Nothing moved: the cursor is further than we knew, the range was split, or the lease is not ours. */
async function reread(walk: Walk, range: LeasedRange): Promise<LeasedRange | undefined> {
  const now = await ask(walk, (session) => walk.settings.target.backfill.readRange(session, range.unit, range.ordinal))
  return now === undefined || now.epoch !== range.epoch ? undefined : now
}

/**
 * After a lost connection. The answer to the last batch may be lost, and the batch may even be running still: its session
 * is ended, its transaction waited for by locking the range, and the range leased anew, for its row names a dead session.
 */
async function leaseAgain(walk: Walk, range: LeasedRange, lost: unknown): Promise<LeasedRange | undefined> {
  const { settings, worker } = walk
  let session = await worker.replace(lost)
  for (let attempt = 1; ; attempt++) {
    try {
      const left = await settings.target.backfill.readRange(session, range.unit, range.ordinal)
      if (left === undefined || left.epoch !== range.epoch) return undefined
      const answer = await settings.target.backfill.lease(session, range.unit, settings.owner, settings.leaseMs)
      if (answer.state === 'leased') return answer.range
      // Whole: the lost answer was that of the last batch.
      return answer.state === 'whole' ? left : undefined
    } catch (error) {
      const kind = settings.target.classify(error)
      if (kind === 'connection') session = await worker.replace(error)
      else if (isConflict(kind))
        await settings.clock.sleep(conflictPause(attempt, settings.clock.random()), settings.signal)
      else throw settings.target.translate(error, 'resuming a backfill')
    }
  }
}

async function keepLease(walk: Walk, range: LeasedRange): Promise<boolean> {
  try {
    return await ask(walk, (session) => walk.settings.target.backfill.renew(session, range, walk.settings.leaseMs))
  } catch (error) {
    // A lost connection shows again at the next statement, where it is dealt with. Somebody who splits the range holds its
    // row for a moment, somebody who pauses cancels; whether it is still ours, the fence of the next batch says.
    const kind = walk.settings.target.classify(error)
    if (kind === 'connection' || kind === 'cancelled' || isConflict(kind)) return true
    throw walk.settings.target.translate(error, 'renewing the lease of a backfill')
  }
}

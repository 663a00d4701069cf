import {
  EXIT,
  findUnit,
  type PlannedUnit,
  planUnits,
  type Session,
  type UnitName,
  type UnitRecord,
  unitName,
  worstExit,
} from '@phasegate/core'
import { askUnitGates, recordAnswer, whyHeld } from '../gate/ask-unit-gates.js'
import type { RunnerContext } from '../runner-context.js'
import { codedError, failed, held, UnitHeld, type UnitOutcome } from '../unit-outcome.js'
import { createLane, unwrap } from './create-lane.js'
import { ensureJournal, type LaneResult, type LaneSelection, settleWhatWaits } from './run-lane.js'
import { withLaneLock } from './with-lane-lock.js'
import { isConnectionLoss, withReconnect } from './with-reconnect.js'

const BUSY_PAUSE = 1_000

/**
 * Runs every open backfill until it is verified. The lane's lock is held only to create ranges, to begin verifying and to
 * end a unit; processes that work on one at the same time share it, and all of them end with the same answer.
 */
export async function runBackfillLane(context: RunnerContext, selection: LaneSelection = {}): Promise<LaneResult> {
  const settled = new Map<UnitName, UnitOutcome>()
  await withReconnect(context, async () => {
    const session = await context.target.openSession('backfill')
    try {
      await context.target.assertUsable(session)
      await ensureJournal(context, session)
      for (;;) {
        context.signal.throwIfAborted()
        const [next] = await openBackfills(context, session, selection, settled)
        if (next === undefined) return
        await runOne(context, session, next, selection, settled)
      }
    } finally {
      await session.close()
    }
  })
  const units = [...settled.values()].sort((a, b) => (unitName(a.unit) < unitName(b.unit) ? -1 : 1))
  return { phase: 'backfill', units, exit: worstExit(units.map((unit) => unit.exit)) }
}

async function openBackfills(
  context: RunnerContext,
  session: Session,
  selection: LaneSelection,
  settled: Map<UnitName, UnitOutcome>,
): Promise<readonly PlannedUnit[]> {
  const snapshot = await context.target.journal.read(session)
  const unsettled = [...settled.values()].filter((outcome) => outcome.outcome !== 'applied')
  const planned = planUnits({
    migrations: context.migrations,
    snapshot,
    lane: 'backfill',
    held: unsettled.map((outcome) => outcome.unit),
    ...(selection.only === undefined ? {} : { only: selection.only }),
  })
  const open: PlannedUnit[] = []
  for (const entry of planned) {
    settleWhatWaits(entry, settled)
    if (entry.state !== 'ready' || settled.has(unitName(entry.unit.id))) continue
    const answer = await askUnitGates(context, session, snapshot, entry.migration, entry.unit)
    const begins = entry.record === undefined || entry.record.state === 'pending' || entry.record.state === 'reverted'
    await recordAnswer(context, session, entry.unit, answer, answer.state === 'open' && begins)
    if (answer.state === 'open') open.push(entry)
    else settled.set(unitName(entry.unit.id), held(entry.unit.id, whyHeld(answer), answer.checks))
  }
  return open
}

async function runOne(
  context: RunnerContext,
  session: Session,
  entry: PlannedUnit,
  { whenBusy, mayBegin }: LaneSelection,
  settled: Map<UnitName, UnitOutcome>,
): Promise<void> {
  const { id, backfill } = entry.unit
  if (backfill === undefined) throw new Error(`${unitName(id)} is a backfill without one`)
  const settle = (outcome: Omit<UnitOutcome, 'unit'>): void => void settled.set(unitName(id), { unit: id, ...outcome })
  const lane = await createLane(context, session, {
    units: [entry.unit],
    ...(entry.record?.state === 'applied' ? { again: true as const } : {}),
    migrating: async () => context.signal.throwIfAborted(),
    apply: async () => {
      for (;;) {
        // The gates again, under the lock, right before it begins: a revert may have come between.
        let asked = false
        let closed: UnitHeld | undefined
        const run = await context
          .runBackfill(entry.unit, backfill, (work) =>
            withLaneLock(context, session, 'backfill', async () => {
              closed = await recheck(context, session, entry, asked ? undefined : (mayBegin ?? (() => true)))
              asked = true
              if (closed !== undefined) throw closed
              return work(session)
            }),
          )
          .catch((error: unknown) => {
            // The engine takes what it does not know for an error of the database.
            throw closed ?? error
          })
        if (run.state === 'applied') {
          const left =
            run.quarantined === undefined ? '' : `; ${run.quarantined} could not be changed and are in quarantine`
          return settle({ outcome: 'applied', reason: `${run.rows} rows${left}`, exit: EXIT.done })
        }
        if (run.state === 'busy' || run.state === 'ended') {
          if (run.state === 'busy') {
            const other = `${run.owner}, which works by another version of the file`
            if (whenBusy === 'leave') return settle({ outcome: 'not run', reason: `held by ${other}`, exit: EXIT.done })
            context.emit({ type: 'unit.waiting', unit: id, for: other })
            await context.clock.sleep(BUSY_PAUSE * (0.5 + context.clock.random()), context.signal)
          }
          const ended = await endedByAnother(context, session, entry)
          if (ended !== undefined) return settle(ended)
          continue
        }
        if (run.state === 'failed') return void settled.set(unitName(id), failed(id, run.error))
        const reason = run.state === 'paused' ? run.reason : 'cancelled; its cursor is kept'
        return settle({ outcome: run.state, reason, exit: EXIT.pending })
      }
    },
  })
  try {
    await lane.up()
    // umzug finds nothing to run where another process has just ended the unit.
    if (!settled.has(unitName(id)))
      settle({ outcome: 'applied', reason: 'applied by another process', exit: EXIT.done })
  } catch (thrown) {
    const error = unwrap(thrown)
    if (error instanceof UnitHeld) return settle(error.outcome)
    if (isConnectionLoss(context, error) || context.signal.aborted) throw error
    const coded = codedError(context.target, error, `running ${unitName(id)}`)
    // The table is looked at before the lock is taken: a revert may have taken the column away.
    const ended = coded.code.startsWith('BACKFILL.NO_') ? await endedByAnother(context, session, entry) : undefined
    if (ended?.outcome === 'cancelled') return settle(ended)
    const ours =
      coded.exit === EXIT.lockBusy ? { ...failed(id, coded), outcome: 'not run' as const } : failed(id, coded)
    settled.set(unitName(id), ours)
  }
}

async function recheck(
  context: RunnerContext,
  session: Session,
  entry: PlannedUnit,
  /** Undefined: asked already. */
  mayBegin: ((record: UnitRecord | undefined) => boolean) | undefined,
): Promise<UnitHeld | undefined> {
  const snapshot = await context.target.journal.read(session)
  const record = findUnit(snapshot, entry.unit.id.migration, 'backfill')
  const state = record?.state
  if (mayBegin?.(record) === false)
    return new UnitHeld({ unit: entry.unit.id, outcome: 'not run', reason: `it is ${state} by now`, exit: EXIT.done })
  // Asked already: only what a revert left is another matter (one that waits in a pause comes here again and again).
  if (state === 'applied' || (mayBegin === undefined && state !== 'cancelled' && state !== 'reverted')) return undefined
  const answer = await askUnitGates(context, session, snapshot, entry.migration, entry.unit)
  if (answer.state === 'open') return undefined
  await recordAnswer(context, session, entry.unit, answer, false)
  return new UnitHeld(held(entry.unit.id, whyHeld(answer), answer.checks))
}

/** How the process that we waited for ended it. To go on after it was cancelled or failed would undo a person's decision. */
async function endedByAnother(
  context: RunnerContext,
  session: Session,
  entry: PlannedUnit,
): Promise<Omit<UnitOutcome, 'unit'> | undefined> {
  const record = findUnit(await context.target.journal.read(session), entry.unit.id.migration, 'backfill')
  switch (record?.state) {
    case 'applied':
      return { outcome: 'applied', reason: 'applied by another process', exit: EXIT.done }
    case 'cancelled':
    case 'reverted':
      return { outcome: 'cancelled', reason: `${record.state} while it ran in another process`, exit: EXIT.pending }
    case 'failed': {
      const reason = `failed in another process: ${record.error?.message ?? 'see phasegate status'}`
      return { outcome: 'failed', reason, ...(record.error === null ? {} : { error: record.error }), exit: EXIT.failed }
    }
    default:
      return undefined
  }
}

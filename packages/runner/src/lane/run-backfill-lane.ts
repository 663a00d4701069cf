import {
  EXIT,
  findUnit,
  type PlannedUnit,
  planUnits,
  type Session,
  type UnitName,
  unitName,
  worstExit,
} from '@phasegate/core'
import { askUnitGates, recordAnswer, whyHeld } from '../gate/ask-unit-gates.js'
import type { RunnerContext } from '../runner-context.js'
import { codedError, failed, held, type UnitOutcome } from '../unit-outcome.js'
import { createLane, unwrap } from './create-lane.js'
import { ensureJournal, type LaneResult, type LaneSelection, settleWhatWaits } from './run-lane.js'
import { withLaneLock } from './with-lane-lock.js'
import { isConnectionLoss, withReconnect } from './with-reconnect.js'

const BUSY_PAUSE = 1_000

/**
 * Runs every open backfill until it is verified. The lane's lock is held only to create ranges and to end a unit; while
 * another process works on a unit, this one waits for it, so that all of them end with the same answer.
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
        await runOne(context, session, next, settled)
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
    ...selection,
  })
  const open: PlannedUnit[] = []
  for (const entry of planned) {
    settleWhatWaits(entry, settled)
    if (entry.state !== 'ready' || settled.has(unitName(entry.unit.id))) continue
    const answer = await askUnitGates(context, snapshot, entry.migration, entry.unit)
    const begins = entry.record === undefined || entry.record.state === 'pending'
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
  settled: Map<UnitName, UnitOutcome>,
): Promise<void> {
  const { id, backfill } = entry.unit
  if (backfill === undefined) throw new Error(`${unitName(id)} is a backfill without one`)
  const settle = (outcome: Omit<UnitOutcome, 'unit'>): void => void settled.set(unitName(id), { unit: id, ...outcome })
  const lane = await createLane(context, session, {
    units: [entry.unit],
    migrating: async () => context.signal.throwIfAborted(),
    apply: async () => {
      for (;;) {
        const run = await context.runBackfill(entry.unit, backfill, (work) =>
          withLaneLock(context, session, 'backfill', () => work(session)),
        )
        if (run.state === 'applied') return settle({ outcome: 'applied', reason: `${run.rows} rows`, exit: EXIT.done })
        if (run.state === 'busy') {
          context.emit({ type: 'unit.waiting', unit: id, for: `${run.owner}, which works on it` })
          await context.clock.sleep(BUSY_PAUSE * (0.5 + context.clock.random()), context.signal)
          if (await isApplied(context, session, entry))
            return settle({ outcome: 'applied', reason: 'applied by another process', exit: EXIT.done })
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
    if (isConnectionLoss(context, error) || context.signal.aborted) throw error
    const coded = codedError(context.target, error, `running ${unitName(id)}`)
    const ours =
      coded.exit === EXIT.lockBusy ? { ...failed(id, coded), outcome: 'not run' as const } : failed(id, coded)
    settled.set(unitName(id), ours)
  }
}

async function isApplied(context: RunnerContext, session: Session, entry: PlannedUnit): Promise<boolean> {
  const snapshot = await context.target.journal.read(session)
  return findUnit(snapshot, entry.unit.id.migration, 'backfill')?.state === 'applied'
}

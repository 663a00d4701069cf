import {
  EXIT,
  type JournalSnapshot,
  PhasegateError,
  type PlannedUnit,
  planUnits,
  type Session,
  type UnitName,
  unitName,
  worstExit,
} from '@phasegate/core'
import { recordAnswer } from '../gate/ask-unit-gates.js'
import type { RunnerContext } from '../runner-context.js'
import { codedError, failed, UnitHeld, type UnitOutcome } from '../unit-outcome.js'
import { applyUnit } from './apply-unit.js'
import { ensureJournal, type LaneResult, settleWhatWaits } from './run-lane.js'
import { withLaneLock } from './with-lane-lock.js'
import { isConnectionLoss, withReconnect } from './with-reconnect.js'

export interface UpRun {
  /** Empty the database first. */
  readonly reset: boolean
  /** Throws where the database is not for `up`; asked under the locks, before anything is done. */
  readonly assertMayRun: (snapshot: JournalSnapshot) => void
}

/**
 * Every pending unit of all phases, migration by migration, without gates: for an empty or disposable database. Holds all
 * three lanes.
 */
export async function runUp(context: RunnerContext, options: UpRun): Promise<LaneResult> {
  const settled = new Map<UnitName, UnitOutcome>()
  let reset = options.reset
  let begun = false
  await withReconnect(context, async () => {
    const session = await context.target.openSession('up')
    try {
      await context.target.assertUsable(session)
      await inAllLanes(context, session, async () => {
        // Somebody may have applied units while we waited for the locks. After a lost connection they are our own.
        if (!begun) options.assertMayRun(await context.target.journal.read(session))
        begun = true
        if (reset) await context.target.reset(session)
        reset = false
        await ensureJournal(context, session)
        await runAll(context, session, settled)
      })
    } finally {
      await session.close()
    }
  })
  const units = [...settled.values()]
  return { phase: 'up', units, exit: worstExit(units.map((unit) => unit.exit)) }
}

/** Locks of all lanes, always in this order, so that two who want them all cannot wait for each other. */
export function inAllLanes<T>(context: RunnerContext, session: Session, work: () => Promise<T>): Promise<T> {
  return withLaneLock(context, session, 'expand', () =>
    withLaneLock(context, session, 'backfill', () => withLaneLock(context, session, 'contract', work)),
  )
}

async function runAll(context: RunnerContext, session: Session, settled: Map<UnitName, UnitOutcome>): Promise<void> {
  const snapshot = await context.target.journal.read(session)
  for (const entry of planUnits({ migrations: context.migrations, snapshot, lane: 'up' })) {
    context.signal.throwIfAborted()
    settleWhatWaits(entry, settled)
    if (entry.state !== 'ready') continue
    const { id } = entry.unit
    const failure = [...settled.values()].find((outcome) => outcome.outcome === 'failed')
    if (failure !== undefined) {
      settled.set(unitName(id), {
        unit: id,
        outcome: 'not run',
        reason: `not run, because ${unitName(failure.unit)} failed`,
        exit: EXIT.done,
      })
      continue
    }
    try {
      await recordSkippedGates(context, session, entry, snapshot.now)
      await applyOne(context, session, entry)
      settled.set(unitName(id), { unit: id, outcome: 'applied', reason: 'applied without gates', exit: EXIT.done })
    } catch (error) {
      if (isConnectionLoss(context, error) || context.signal.aborted) throw error
      if (error instanceof UnitHeld) {
        settled.set(unitName(id), error.outcome)
        return
      }
      settled.set(unitName(id), failed(id, codedError(context.target, error, `applying ${unitName(id)}`)))
    }
  }
}

async function applyOne(context: RunnerContext, session: Session, entry: PlannedUnit): Promise<void> {
  const { id, backfill } = entry.unit
  if (backfill === undefined)
    return applyUnit(context, session, entry.migration, entry.unit, { gated: false, engines: 'natively' })
  // The backfill lane's lock is ours already, and the engine takes it on this same session.
  const run = await context.runBackfill(entry.unit, backfill, (work) => work(session))
  if (run.state === 'failed') throw run.error
  if (run.state !== 'applied') throw backfillStopped(unitName(id), run.state)
}

async function recordSkippedGates(
  context: RunnerContext,
  session: Session,
  entry: PlannedUnit,
  observedAt: string,
): Promise<void> {
  const checks = context.gatesFor(entry.unit, entry.migration, 'apply').map((gate) => ({
    name: gate.name,
    state: 'open' as const,
    reason: 'skipped by up: an empty or disposable database has no gates',
    observedAt,
  }))
  await recordAnswer(context, session, entry.unit, { state: 'open', checks, overrides: [] }, false)
}

function backfillStopped(unit: string, state: string): PhasegateError {
  return new PhasegateError({
    code: 'UP.STOPPED',
    message: `${unit} is ${state}, so up cannot go on.`,
    next: [`phasegate resume ${unit}`, 'phasegate up'],
    exit: EXIT.pending,
  })
}

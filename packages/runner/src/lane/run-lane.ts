import {
  EXIT,
  type ExitCode,
  type Phase,
  type PlannedUnit,
  planUnits,
  type Session,
  type StandingRun,
  sameUnit,
  type UnitId,
  type UnitName,
  type UnitRecord,
  unitName,
  worstExit,
} from '@phasegate/core'
import { askUnitGates, recordAnswer, whyHeld } from '../gate/ask-unit-gates.js'
import type { RunnerContext } from '../runner-context.js'
import { mayHaveEngine } from '../step/apply-by-engine.js'
import { codedError, failed, held, refused, UnitHeld, UnitLeft, type UnitOutcome } from '../unit-outcome.js'
import { applyUnit } from './apply-unit.js'
import { createLane, unwrap } from './create-lane.js'
import { withLaneLock } from './with-lane-lock.js'
import { isConnectionLoss, withReconnect } from './with-reconnect.js'

export interface LaneResult {
  readonly phase: Phase | 'up'
  readonly units: readonly UnitOutcome[]
  readonly exit: ExitCode
}

export interface LaneSelection {
  /** The units that the user named; default: every unit of the lane. */
  readonly only?: readonly UnitId[]
  /** Is there consent to what this unit destroys? Asked when its gates are open; default: yes. */
  readonly mayDestroy?: (unit: UnitId) => boolean
  /** Takes steps too that take an engine, and so perhaps hours; default: an expand that has one is left for others. */
  readonly longSteps?: boolean
  /** What to do with a backfill that somebody else works on, where it cannot be shared; default `wait`. */
  readonly whenBusy?: 'wait' | 'leave'
  /** Asked again under the lane's lock, right before a backfill begins: false leaves it as it is; default: yes. */
  readonly mayBegin?: (record: UnitRecord | undefined) => boolean
}

/**
 * Applies what is open of the expand or contract lane, in migration order, on one session that holds the lane's lock.
 * Twenty at once are fine: one applies, the others wait for the lock and find nothing to do.
 *
 * @throws `LOCK.BUSY`, `DATABASE.*`, `UNIT.UNKNOWN`; what concerns one unit is in its outcome
 */
export async function runLane(
  context: RunnerContext,
  phase: 'expand' | 'contract',
  selection: LaneSelection = {},
): Promise<LaneResult> {
  const settled = new Map<UnitName, UnitOutcome>()
  await withReconnect(context, async () => {
    const session = await context.target.openSession(phase)
    try {
      await context.target.assertUsable(session)
      await withLaneLock(context, session, phase, async () => {
        await ensureJournal(context, session)
        await runOpenUnits(context, session, phase, selection, settled)
      })
    } finally {
      await session.close()
    }
  })
  const units = [...settled.values()].sort((a, b) => (unitName(a.unit) < unitName(b.unit) ? -1 : 1))
  return { phase, units, exit: worstExit(units.map((unit) => unit.exit)) }
}

/** The journal is created and upgraded under a lock of its own, because lanes run beside each other. */
export async function ensureJournal(context: RunnerContext, session: Session): Promise<void> {
  await withLaneLock(context, session, 'journal', async () => {
    await context.target.journal.ensure(session, context.appRoles)
    // Here, because one runner at a time comes here, and none more often than somebody deploys.
    await context.target.journal.forgetInstances(session)
  })
}

async function runOpenUnits(
  context: RunnerContext,
  session: Session,
  phase: 'expand' | 'contract',
  selection: LaneSelection,
  settled: Map<UnitName, UnitOutcome>,
): Promise<void> {
  // What a contract has begun it should end.
  const engines = selection.longSteps === true || phase === 'contract' ? 'run' : 'left'
  // Each round plans anew: what was held, vetoed or applied in the one before may block or free other units.
  for (;;) {
    context.signal.throwIfAborted()
    const open = await openUnits(context, session, phase, selection, settled)
    if (open.length === 0) return
    const byUnit = new Map(open.map((entry) => [entry.unit, entry]))
    const lane = await createLane(context, session, {
      units: open.map((entry) => entry.unit),
      migrating: async (unit) => recheck(context, session, byUnit.get(unit)!),
      apply: async (unit) => {
        await applyUnit(context, session, byUnit.get(unit)!.migration, unit, { gated: true, engines })
        settled.set(unitName(unit.id), { unit: unit.id, outcome: 'applied', reason: 'applied', exit: EXIT.done })
      },
    })
    try {
      await lane.up()
    } catch (thrown) {
      const error = unwrap(thrown)
      if (error instanceof UnitHeld || error instanceof UnitLeft) {
        settled.set(unitName(error.outcome.unit), error.outcome)
        continue
      }
      if (isConnectionLoss(context, error) || context.signal.aborted) throw error
      settleFailure(context, open, settled, error)
      return
    }
  }
}

/** Plans, asks the gates of what is ready, and plans again with what they hold. */
async function openUnits(
  context: RunnerContext,
  session: Session,
  phase: 'expand' | 'contract',
  selection: LaneSelection,
  settled: Map<UnitName, UnitOutcome>,
): Promise<readonly PlannedUnit[]> {
  const snapshot = await context.target.journal.read(session)
  const { only, mayDestroy } = selection
  const plan = (): readonly PlannedUnit[] =>
    planUnits({
      migrations: context.migrations,
      snapshot,
      lane: phase,
      held: [...settled.values()].filter((outcome) => outcome.outcome !== 'applied').map((outcome) => outcome.unit),
      ...(only === undefined ? {} : { only }),
    })
  const runs = await context.target.journal.standingRuns(session)
  for (const entry of plan()) {
    const name = unitName(entry.unit.id)
    if (entry.state !== 'ready' || settled.has(name)) continue
    const busy = atWorkElsewhere(entry) ?? closedTable(entry, runs)
    if (busy !== undefined) {
      settled.set(name, busy)
      continue
    }
    const answer = await askUnitGates(context, session, snapshot, entry.migration, entry.unit)
    await recordAnswer(context, session, entry.unit, answer, false)
    if (answer.state !== 'open') settled.set(name, held(entry.unit.id, whyHeld(answer), answer.checks))
    else if (mayDestroy?.(entry.unit.id) === false) {
      const left = await destroysStill(context, session, entry)
      if (left.length > 0) settled.set(name, refused(entry.unit.id, left))
    }
  }
  const planned = plan()
  for (const entry of planned) {
    settleWhatWaits(entry, settled)
    const outcome = settled.get(unitName(entry.unit.id))
    if (phase === 'contract' && outcome !== undefined && outcome.outcome !== 'applied')
      await withdrawAnnounced(context, session, entry, outcome.reason)
  }
  return planned.filter((entry) => entry.state === 'ready' && !settled.has(unitName(entry.unit.id)))
}

/** We hold the lane's lock: who works on a unit nevertheless is supervising an engine. */
function atWorkElsewhere({ unit, record }: PlannedUnit): UnitOutcome | undefined {
  if (record?.state !== 'running' || !mayHaveEngine(unit.steps)) return undefined
  const reason = `an engine is at work on it, supervised by ${record.actor?.by ?? 'somebody'} on ${record.actor?.through.host ?? 'another machine'}`
  return { unit: unit.id, outcome: 'not run', reason, exit: EXIT.pending }
}

/** A table that an engine copies takes no other change until that is done: the copy would not have it. */
function closedTable({ unit }: PlannedUnit, runs: readonly StandingRun[]): UnitOutcome | undefined {
  const names = new Set(unit.steps.flatMap(({ facts }) => facts.lock.tables))
  const run = runs.find(
    (one) =>
      !sameUnit(one.unit, unit.id) && (names.has(one.run.table) || names.has(`${one.run.schema}.${one.run.table}`)),
  )
  if (run === undefined) return undefined
  const reason = `${run.run.table} is closed to other changes until ${run.run.engine} is done with it for ${unitName(run.unit)}`
  return { unit: unit.id, outcome: 'held', reason, exit: EXIT.gate }
}

/** What is left of a unit that cannot be undone: of its frozen steps where it has any that stand, else of the file's. */
async function destroysStill(
  context: RunnerContext,
  session: Session,
  { unit, record }: PlannedUnit,
): Promise<readonly string[]> {
  const frozen = record === undefined ? [] : await context.target.journal.steps(session, unit.id, 'apply')
  const left = frozen.filter((step) => step.state !== 'done')
  return [
    ...new Set([...left, ...(frozen.length > 0 && left.length === 0 ? [] : unit.steps)].flatMap((s) => s.destroys)),
  ]
}

/**
 * A runner that died while its contract was announced has left `contracting` behind, and no pod of the old shape turns
 * ready. Whoever finds that it may not go on, and that nothing was done yet, takes the announcement back. We hold the
 * lane's lock, so nobody is at work on it.
 */
async function withdrawAnnounced(
  context: RunnerContext,
  session: Session,
  { unit, record }: PlannedUnit,
  reason: string,
): Promise<void> {
  const announced = record?.state === 'interrupted' || record?.state === 'contracting'
  if (!announced || record.pointOfNoReturn || record.detail.begun === true) return
  const steps = await context.target.journal.steps(session, unit.id, 'apply')
  if (steps.some((step) => step.state !== 'pending')) return
  const change = { state: 'pending', detail: { withdrawn: reason } } as const
  await context.target.journal.changeUnit(session, unit.id, change, context.actor)
  const said = `contracting withdrawn: ${reason}`
  context.emit({ type: 'unit.changed', unit: unit.id, state: 'pending', reason: said })
}

/** What the plan alone decides; a blocked unit may become free in a later round, so its outcome is only the latest. */
export function settleWhatWaits(entry: PlannedUnit, settled: Map<UnitName, UnitOutcome>): void {
  const name = unitName(entry.unit.id)
  if (entry.state === 'blocked') {
    settled.set(name, { unit: entry.unit.id, outcome: 'blocked', reason: entry.reason, exit: EXIT.gate })
  } else if (settled.get(name)?.outcome === 'blocked') {
    settled.delete(name)
  }
  if (entry.state === 'drift') settled.set(name, drifted(entry.unit.id, entry.of))
  if (entry.state === 'reverting') {
    const reason = `the revert of ${unitName(entry.of)} is not finished; run: phasegate revert ${entry.of.migration}`
    settled.set(name, { unit: entry.unit.id, outcome: 'blocked', reason, exit: EXIT.gate })
  }
}

function drifted(unit: UnitId, of: UnitId): UnitOutcome {
  const reason = `${unitName(of)} was applied and its file changed since: put the file back, and write the change as a new migration`
  return { unit, outcome: 'drift', reason, exit: EXIT.drift }
}

/** The gates again, under the lock, right before the first statement. */
async function recheck(context: RunnerContext, session: Session, entry: PlannedUnit): Promise<void> {
  context.signal.throwIfAborted()
  const snapshot = await context.target.journal.read(session)
  const answer = await askUnitGates(context, session, snapshot, entry.migration, entry.unit)
  await recordAnswer(context, session, entry.unit, answer, answer.state === 'open')
  if (answer.state !== 'open') throw new UnitHeld(held(entry.unit.id, whyHeld(answer), answer.checks))
}

/** A failed unit ends the lane: what comes after may rest on it in ways that no statement shows. */
function settleFailure(
  context: RunnerContext,
  open: readonly PlannedUnit[],
  settled: Map<UnitName, UnitOutcome>,
  error: unknown,
): void {
  const left = open.filter((entry) => !settled.has(unitName(entry.unit.id)))
  const [first, ...rest] = left
  if (first === undefined) throw error
  const coded = codedError(context.target, error, `applying ${unitName(first.unit.id)}`)
  settled.set(unitName(first.unit.id), failed(first.unit.id, coded))
  for (const { unit } of rest) {
    const reason = `not run, because ${unitName(first.unit.id)} failed`
    settled.set(unitName(unit.id), { unit: unit.id, outcome: 'not run', reason, exit: EXIT.done })
  }
}

import {
  type CompiledMigration,
  type CompiledStep,
  type CompiledUnit,
  EXIT,
  findUnit,
  isDrift,
  type JournalSnapshot,
  matchFrozenSteps,
  PhasegateError,
  type Session,
  type StepRecord,
  type UnitRecord,
  type UnitState,
} from '@phasegate/core'
import { askUnitGates, recordAnswer, whyHeld } from '../gate/ask-unit-gates.js'
import { ensureJournal, type LaneResult } from '../lane/run-lane.js'
import { inAllLanes } from '../lane/run-up.js'
import { isConnectionLoss, withReconnect } from '../lane/with-reconnect.js'
import type { RunnerContext } from '../runner-context.js'
import { isUndecided } from '../step/apply-alone.js'
import { applySteps } from '../step/apply-steps.js'
import { endEngineRuns } from '../step/end-engine-runs.js'
import { codedError, failed, held } from '../unit-outcome.js'

/** A worker that waits in its pause holds nothing by which it could be seen; it looks at the journal twice a second. */
const PAUSED_PATIENCE = 5_000
const LOOK_EVERY = 200

const TIMEOUTS = { lockTimeout: 10_000, statementTimeout: 60_000 }

/**
 * Undoes a migration's expand, and its backfill with it, while contract is pending. Takes all three lanes, so that
 * nothing of the migration runs meanwhile; ends a running backfill first.
 *
 * @throws `REVERT.TOO_LATE` after contract's point of no return, `REVERT.IMPOSSIBLE`, `REVERT.NOTHING`, `LOCK.BUSY`
 */
export async function runRevert(context: RunnerContext, migration: CompiledMigration): Promise<LaneResult> {
  const expand = migration.units.expand
  if (expand === undefined) throw nothingToRevert(migration.name)
  const run = (): Promise<LaneResult> => revertOnce(context, migration, expand)
  return withReconnect(context, run)
}

async function revertOnce(
  context: RunnerContext,
  migration: CompiledMigration,
  expand: CompiledUnit,
): Promise<LaneResult> {
  const { target } = context
  const session = await target.openSession('revert')
  try {
    await target.assertUsable(session)
    return await inAllLanes(context, session, async () => {
      await ensureJournal(context, session)
      assertRevertible(await target.journal.read(session), migration)
      const steps = await stepsToUndo(context, session, migration, expand)
      // Asked first, so that no backfill is ended for a revert that is refused; then what was seen must still hold.
      const refused = (await ask(false)) ?? (await endBackfill(context, session, migration)) ?? (await ask(true))
      if (refused === undefined) await endEngineRuns(context, session, expand.id)
      return refused ?? undo(context, session, migration, expand, steps)
    })

    async function ask(starting: boolean): Promise<LaneResult | undefined> {
      const snapshot = await target.journal.read(session)
      const answer = await askUnitGates(context, session, snapshot, migration, expand, 'revert')
      const open = answer.state === 'open'
      await recordAnswer(context, session, expand, answer, open && starting)
      if (open) return undefined
      return { phase: 'expand', units: [held(expand.id, whyHeld(answer), answer.checks)], exit: EXIT.gate }
    }
  } finally {
    await session.close()
  }
}

/** Refuses what can no longer, or not at all, be undone. Exported for the plan that `revert` shows before it asks. */
export function assertRevertible(snapshot: JournalSnapshot, migration: CompiledMigration): void {
  const expand = findUnit(snapshot, migration.name, 'expand')
  if (expand === undefined || expand.state === 'reverted') throw nothingToRevert(migration.name)
  const contract = findUnit(snapshot, migration.name, 'contract')
  if (contract?.pointOfNoReturn === true || contract?.state === 'applied') throw tooLate(migration.name, contract)
  const harmless = contract === undefined || contract.state === 'pending' || contract.detail.begun !== true
  if (!harmless) throw contractBegun(migration.name, contract)
  if (!migration.revert.possible) throw impossible(migration.name, migration.revert.reason)
}

const AT_WORK: readonly UnitState[] = ['running', 'verifying', 'paused', 'interrupted']

/**
 * A backfill that is at work is told to stop, and waited for until nobody works on it: whoever verifies or waits in a
 * pause would else end or go on with a unit that is reverted by then. Our lock keeps others from starting it.
 */
async function endBackfill(context: RunnerContext, session: Session, migration: CompiledMigration): Promise<undefined> {
  const unit = migration.units.backfill
  if (unit === undefined) return
  const { target, actor, clock } = context
  const state = async (): Promise<UnitState | undefined> =>
    findUnit(await target.journal.read(session), migration.name, 'backfill')?.state
  const isAtWork = (now: UnitState | undefined): boolean => now !== undefined && AT_WORK.includes(now)
  if (!isAtWork(await state())) return
  await target.journal.request(session, unit.id, { action: 'cancel', now: true }, actor)
  const started = clock.now()
  for (let now = await state(); isAtWork(now); now = await state()) {
    const workers = await target.backfill.workers(session, unit.id)
    const alive = workers.filter((worker) => worker.alive && worker.backend.id !== session.backend.id)
    const mayWaitInPause = now === 'paused' && clock.now() - started < PAUSED_PATIENCE
    if (alive.length === 0 && !mayWaitInPause) break
    for (const { owner, backend } of alive) {
      context.emit({ type: 'unit.waiting', unit: unit.id, for: `${owner}, which works on it` })
      await target.cancelStatement(session, backend)
    }
    await clock.sleep(LOOK_EVERY, context.signal)
  }
  // Whoever held a range has lost it by its number, should it come back.
  const lease = await target.backfill.lease(session, unit.id, 'revert', 10_000)
  if (lease.state === 'leased') await target.backfill.release(session, lease.range)
  await target.journal.changeUnit(session, unit.id, { state: 'cancelled' }, actor)
}

async function undo(
  context: RunnerContext,
  session: Session,
  migration: CompiledMigration,
  expand: CompiledUnit,
  compiled: readonly CompiledStep[],
): Promise<LaneResult> {
  const { journal } = context.target
  const steps = await freezeRevert(context, session, expand, compiled)
  const never = async (): Promise<void> => {}
  try {
    await applySteps(context, session, {
      unit: expand.id,
      direction: 'revert',
      steps,
      compiled,
      engines: 'natively',
      before: never,
      alongside: never,
      committed: () => {},
      refused: never,
    })
  } catch (error) {
    if (context.signal.aborted || isConnectionLoss(context, error)) throw error
    const coded = codedError(context.target, error, `reverting ${migration.name}`)
    await journal.changeUnit(session, expand.id, { state: 'reverting', error: coded.toJSON() }, context.actor)
    return { phase: 'expand', units: [failed(expand.id, coded)], exit: coded.exit }
  }
  await session.transaction(TIMEOUTS, async () => {
    const lost = compiled.flatMap((step) => step.destroys)
    for (const unit of [migration.units.backfill, expand]) {
      if (unit === undefined) continue
      await journal.changeUnit(
        session,
        unit.id,
        { state: 'reverted', error: null, detail: { lost, verified: null } },
        context.actor,
      )
      await journal.forgetSteps(session, unit.id)
      // The cursor says that rows are done which are not any more.
      await context.target.backfill.forgetRanges(session, unit.id)
    }
    // What was approved was the contract of a database that is another one now.
    const contract = migration.units.contract
    if (contract !== undefined) await journal.revoke(session, contract.id, context.actor, 'its expand was reverted')
  })
  context.emit({ type: 'unit.changed', unit: expand.id, state: 'reverted' })
  return {
    phase: 'expand',
    units: [{ unit: expand.id, outcome: 'reverted', reason: 'reverted', exit: EXIT.done }],
    exit: EXIT.done,
  }
}

/**
 * The statements of the revert, without those that would undo a step which never began: what stands under its name was
 * there before, and is not ours to drop.
 *
 * @throws `UNIT.EDITED` where the file changed since, so that its revert is of something else
 */
async function stepsToUndo(
  context: RunnerContext,
  session: Session,
  migration: CompiledMigration,
  expand: CompiledUnit,
): Promise<readonly CompiledStep[]> {
  if (!migration.revert.possible) throw impossible(migration.name, migration.revert.reason)
  const { journal } = context.target
  const applied = await journal.steps(session, expand.id, 'apply')
  const record = findUnit(await journal.read(session), migration.name, 'expand')
  if (record !== undefined && isDrift(record.fingerprint, expand.fingerprint))
    matchFrozenSteps(expand.id, applied, expand.steps)
  const begun = new Set(applied.filter((step) => step.state !== 'pending' && !step.found).map((step) => step.position))
  return migration.revert.steps.filter(({ undoes }) => undoes === undefined || undoes.some((step) => begun.has(step)))
}

/** Freezes the steps where the revert is new; keeps those that stand, and takes the rest from the file, where it resumes. */
async function freezeRevert(
  context: RunnerContext,
  session: Session,
  expand: CompiledUnit,
  compiled: readonly CompiledStep[],
): Promise<readonly StepRecord[]> {
  const { journal } = context.target
  const frozen = await journal.steps(session, expand.id, 'revert')
  const record = findUnit(await journal.read(session), expand.id.migration, 'expand')
  const edited =
    frozen.length !== compiled.length || frozen.some((step) => step.written !== compiled[step.position]?.written)
  await session.transaction(TIMEOUTS, async () => {
    await journal.startUnit(session, {
      unit: expand.id,
      fingerprint: record?.fingerprint ?? expand.fingerprint,
      actor: context.actor,
      backend: session.backend,
      state: 'reverting',
    })
    if (!edited) return
    const standing = frozen.map((step) => (isUndecided(step) ? { ...step, state: 'pending' as const } : step))
    const { from } = matchFrozenSteps(expand.id, standing, compiled)
    await journal.freezeSteps(session, expand.id, 'revert', from, compiled.slice(from))
  })
  return journal.steps(session, expand.id, 'revert')
}

function nothingToRevert(name: string): PhasegateError {
  return new PhasegateError({
    code: 'REVERT.NOTHING',
    message: `There is nothing of ${name} to revert: its expand was never applied.`,
    next: [`phasegate status ${name}`],
    exit: EXIT.usage,
  })
}

function tooLate(name: string, contract: UnitRecord): PhasegateError {
  const destroyed = contract.detail.destroyed
  return new PhasegateError({
    code: 'REVERT.TOO_LATE',
    message: `${name} cannot be reverted any more: its contract has passed the point of no return.`,
    why:
      Array.isArray(destroyed) && destroyed.length > 0
        ? `Dropped: ${destroyed.join(', ')}`
        : `The contract is ${contract.state}.`,
    next: ['Write a new migration that brings the old shape back.'],
    exit: EXIT.incompatible,
  })
}

function contractBegun(name: string, contract: UnitRecord): PhasegateError {
  return new PhasegateError({
    code: 'REVERT.CONTRACT_BEGUN',
    message: `${name} cannot be reverted while its contract is ${contract.state}.`,
    next: [`phasegate contract ${name}`, `phasegate status ${name}`],
    exit: EXIT.incompatible,
  })
}

function impossible(name: string, reason: string): PhasegateError {
  return new PhasegateError({
    code: 'REVERT.IMPOSSIBLE',
    message: `The revert of ${name} cannot be derived.`,
    why: reason,
    next: ['Write it: revert: ({ ops }) => […] in TypeScript, or -- phase: revert in SQL.'],
    exit: EXIT.usage,
  })
}

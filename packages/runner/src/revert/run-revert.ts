import {
  type CompiledMigration,
  type CompiledUnit,
  EXIT,
  findUnit,
  type JournalSnapshot,
  PhasegateError,
  type Session,
  type StepRecord,
  type UnitRecord,
} from '@phasegate/core'
import { askUnitGates, recordAnswer, whyHeld } from '../gate/ask-unit-gates.js'
import { ensureJournal, type LaneResult } from '../lane/run-lane.js'
import { inAllLanes } from '../lane/run-up.js'
import { withReconnect } from '../lane/with-reconnect.js'
import type { RunnerContext } from '../runner-context.js'
import { applySteps } from '../step/apply-steps.js'
import { codedError, failed, held } from '../unit-outcome.js'

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
      const snapshot = await target.journal.read(session)
      assertRevertible(snapshot, migration)
      await endBackfill(context, session, migration)
      const answer = await askUnitGates(context, snapshot, migration, expand, 'revert')
      await recordAnswer(context, session, expand, answer, answer.state === 'open')
      if (answer.state !== 'open') {
        return { phase: 'expand', units: [held(expand.id, whyHeld(answer), answer.checks)], exit: EXIT.gate }
      }
      return undo(context, session, migration, expand)
    })
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

/** A backfill that runs is told to stop, and its lease is waited for; our lock keeps others from starting it. */
async function endBackfill(context: RunnerContext, session: Session, migration: CompiledMigration): Promise<void> {
  const unit = migration.units.backfill
  if (unit === undefined) return
  const { target, actor } = context
  const running = async (): Promise<UnitRecord | undefined> => {
    const record = findUnit(await target.journal.read(session), migration.name, 'backfill')
    return record?.state === 'running' || record?.state === 'verifying' || record?.state === 'paused'
      ? record
      : undefined
  }
  if ((await running()) === undefined) return
  await target.journal.request(session, unit.id, { action: 'cancel', now: true }, actor)
  for (;;) {
    const lease = await target.backfill.lease(session, unit.id, 'revert', 10_000)
    if (lease.state === 'leased') await target.backfill.release(session, lease.range)
    if (lease.state !== 'busy') break
    context.emit({ type: 'unit.waiting', unit: unit.id, for: `its lease, held by ${lease.owner}` })
    await context.clock.sleep(200, context.signal)
  }
  await target.journal.changeUnit(session, unit.id, { state: 'cancelled' }, actor)
}

async function undo(
  context: RunnerContext,
  session: Session,
  migration: CompiledMigration,
  expand: CompiledUnit,
): Promise<LaneResult> {
  const { journal } = context.target
  if (!migration.revert.possible) throw impossible(migration.name, migration.revert.reason)
  const compiled = migration.revert.steps
  const steps = await freezeRevert(context, session, migration, expand)
  const never = async (): Promise<void> => {}
  try {
    await applySteps(context, session, {
      unit: expand.id,
      direction: 'revert',
      steps,
      compiled,
      before: never,
      alongside: never,
    })
  } catch (error) {
    if (context.signal.aborted || context.target.classify(error) === 'connection') throw error
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
    }
  })
  context.emit({ type: 'unit.changed', unit: expand.id, state: 'reverted' })
  return {
    phase: 'expand',
    units: [{ unit: expand.id, outcome: 'reverted', reason: 'reverted', exit: EXIT.done }],
    exit: EXIT.done,
  }
}

async function freezeRevert(
  context: RunnerContext,
  session: Session,
  migration: CompiledMigration,
  expand: CompiledUnit,
): Promise<readonly StepRecord[]> {
  const { journal } = context.target
  const frozen = await journal.steps(session, expand.id, 'revert')
  if (frozen.length > 0) return frozen
  const compiled = migration.revert.possible ? migration.revert.steps : []
  await session.transaction(TIMEOUTS, async () => {
    await journal.changeUnit(session, expand.id, { state: 'reverting' }, context.actor)
    await journal.freezeSteps(session, expand.id, 'revert', 0, compiled)
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

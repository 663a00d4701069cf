import {
  type CompiledMigration,
  type CompiledUnit,
  EXIT,
  findUnit,
  type JournalSnapshot,
  matchFrozenSteps,
  PhasegateError,
  type Session,
  type StepRecord,
  type UnitId,
  unitName,
} from '@phasegate/core'
import { askGates, recordAnswer, whyHeld } from '../gate/ask-unit-gates.js'
import type { RunnerContext } from '../runner-context.js'
import { isUndecided } from '../step/apply-alone.js'
import { applySteps, type StepsToApply } from '../step/apply-steps.js'
import { codedError, held, UnitHeld, UnitLeft } from '../unit-outcome.js'
import { announceContract, askAgain } from './announce-contract.js'
import { isConnectionLoss } from './with-reconnect.js'

/** How long an answer of the gates counts for a step that waits for its lock, in ms. */
const ANSWER_COUNTS = 10_000

const JOURNAL_TIMEOUTS = { lockTimeout: 10_000, statementTimeout: 60_000 }

export interface ApplyOptions {
  /** Whether to ask gates on the way: `up` does not. */
  readonly gated: boolean
  readonly engines: StepsToApply['engines']
}

/**
 * Takes one unit of the expand or contract lane to `applied`, or resumes it: freezes its steps, announces a contract,
 * runs what is not done. The caller holds the lane's lock on `session` and has asked the gates; contract asks them again.
 *
 * @throws UnitHeld when a gate closed on the way; a coded error after the unit was recorded as failed
 */
export async function applyUnit(
  context: RunnerContext,
  session: Session,
  migration: CompiledMigration,
  unit: CompiledUnit,
  options: ApplyOptions,
): Promise<void> {
  const { journal } = context.target
  const snapshot = await journal.read(session)
  const steps = await startUnit(context, session, snapshot, migration, unit)
  const contract = unit.id.phase === 'contract'
  const record = findUnit(snapshot, unit.id.migration, unit.id.phase)
  // What the journal says, not what an attempt that was rolled back would have made of it.
  let begun = steps.some((step) => step.state !== 'pending')
  let recorded = record?.detail.begun === true
  let returned = record?.pointOfNoReturn === true
  /** As it was before the latest `committed`. */
  let before = { begun, recorded, returned }
  let asked: { readonly at: number; readonly for: number } | undefined
  const ask = async (step: StepRecord): Promise<void> => {
    const destroys = step.destroys.length > 0
    // What a sync keeps for old writers is lost once it is gone, though its trigger holds nothing itself.
    if (!destroys && unit.steps[step.position]?.origin !== 'sync') return
    const fresh = asked !== undefined && context.clock.now() - asked.at < ANSWER_COUNTS
    if (fresh && (!destroys || asked?.for === step.position)) return
    await askAgain(context, session, migration, unit)
    asked = { at: context.clock.now(), for: step.position }
  }
  try {
    if (contract) {
      if (options.gated && !returned) {
        await announceContract(context, session, migration, unit)
        asked = { at: context.clock.now(), for: -1 }
      }
      await journal.changeUnit(session, unit.id, { state: 'running' }, context.actor)
    }
    await applySteps(context, session, {
      unit: unit.id,
      direction: 'apply',
      steps,
      compiled: unit.steps,
      engines: options.engines,
      whyCutOverHeld: () => whyCutOverHeld(context, session, migration, unit),
      before: async (step) => {
        if (contract && options.gated) await ask(step)
      },
      alongside: async (step) => {
        if (!contract || (recorded && (returned || step.destroys.length === 0))) return
        const pointOfNoReturn = returned || step.destroys.length > 0
        await journal.changeUnit(
          session,
          unit.id,
          { state: 'running', pointOfNoReturn, detail: { begun: true } },
          context.actor,
        )
      },
      committed: (step) => {
        before = { begun, recorded, returned }
        begun = true
        recorded = true
        returned ||= step.destroys.length > 0
      },
      refused: async () => {
        const changed = recorded !== before.recorded || returned !== before.returned
        ;({ begun, recorded, returned } = before)
        if (!contract || !changed) return
        await journal.changeUnit(
          session,
          unit.id,
          { state: 'running', pointOfNoReturn: returned, detail: { begun: recorded } },
          context.actor,
        )
      },
    })
    await journal.changeUnit(session, unit.id, { state: 'applied', error: null, detail: detailOf(unit) }, context.actor)
    context.emit({ type: 'unit.changed', unit: unit.id, state: 'applied' })
  } catch (error) {
    // Somebody else is at it, and says in the journal how it goes.
    if (error instanceof UnitHeld && error.outcome.outcome === 'not run') throw error
    // A lost connection leaves `running` with the lock free, which is what `interrupted` means.
    if (isConnectionLoss(context, error)) throw error
    await leave(context, session, unit, error, begun)
    throw error
  }
}

/** The gates of the cut-over alone; undefined: they are open, or there are none. */
async function whyCutOverHeld(
  context: RunnerContext,
  session: Session,
  migration: CompiledMigration,
  unit: CompiledUnit,
): Promise<string | undefined> {
  const gates = context.cutOverGates(unit, migration)
  if (gates.length === 0) return undefined
  const answer = await askGates(context, session, await context.target.journal.read(session), migration, unit, gates)
  await recordAnswer(context, session, unit, answer, answer.state === 'open')
  return answer.state === 'open' ? undefined : whyHeld(answer)
}

/** What a reader of the journal sees of this unit without the file. */
function detailOf(unit: CompiledUnit): Readonly<Record<string, unknown>> {
  return {
    destroyed: unit.steps.flatMap((step) => step.destroys),
    allowed: unit.steps.flatMap((step) => step.allows),
  }
}

/** Freezes the steps where the unit is new, keeps the frozen ones where it resumes, and says which are to run. */
async function startUnit(
  context: RunnerContext,
  session: Session,
  snapshot: JournalSnapshot,
  migration: CompiledMigration,
  unit: CompiledUnit,
): Promise<readonly StepRecord[]> {
  const { journal } = context.target
  if ((await journal.steps(session, unit.id, 'revert')).length > 0) throw revertUnfinished(unit.id, snapshot.now)
  const record = findUnit(snapshot, unit.id.migration, unit.id.phase)
  const fresh = record === undefined || record.state === 'reverted'
  const frozen = fresh ? [] : await journal.steps(session, unit.id, 'apply')
  const edited = record !== undefined && record.fingerprint !== unit.fingerprint
  await waitForOldSessions(context, session, unit, frozen)
  await session.transaction(JOURNAL_TIMEOUTS, async () => {
    if (fresh) await journal.forgetSteps(session, unit.id)
    await journal.startUnit(session, {
      unit: unit.id,
      fingerprint: unit.fingerprint,
      actor: context.actor,
      backend: session.backend,
      state: unit.id.phase === 'contract' && record?.pointOfNoReturn !== true ? 'contracting' : 'running',
      // Whose builds have to mind this unit: those of another project that shares the database need not.
      detail: {
        left: null,
        applications: migration.applications ?? context.clients?.applications.map(({ name }) => name) ?? null,
      },
    })
    if (frozen.length === 0) await journal.freezeSteps(session, unit.id, 'apply', 0, unit.steps)
    else if (edited) {
      // What nobody can decide is the author's to write anew: as it should run, or not at all.
      const standing = frozen.map((step) => (isUndecided(step) ? { ...step, state: 'pending' as const } : step))
      const { from } = matchFrozenSteps(unit.id, standing, unit.steps)
      await journal.freezeSteps(session, unit.id, 'apply', from, unit.steps.slice(from))
    }
  })
  const steps = await journal.steps(session, unit.id, 'apply')
  context.emit({ type: 'unit.started', unit: unit.id, resumed: frozen.length > 0, steps: steps.length })
  return steps
}

/**
 * When a client dies its server session may run on. The lane's lock ends with that session, so holding the lock says that
 * it is gone; a step of a session that lives nevertheless (a lock lost to a failover) is waited for before the catalog is
 * believed.
 */
async function waitForOldSessions(
  context: RunnerContext,
  session: Session,
  unit: CompiledUnit,
  frozen: readonly StepRecord[],
): Promise<void> {
  for (const { backend } of frozen.filter((step) => step.state === 'started')) {
    if (backend === null || backend.id === session.backend.id) continue
    while (await context.target.isAlive(session, backend)) {
      context.emit({ type: 'unit.waiting', unit: unit.id, for: `session ${backend.id}, which still runs a step of it` })
      await context.clock.sleep(500, context.signal)
    }
  }
}

/**
 * Records how a unit stopped. A contract that has done nothing yet is withdrawn; one that has is failed where a gate closed,
 * and interrupted where it was asked to stop. Everything can be resumed.
 */
async function leave(
  context: RunnerContext,
  session: Session,
  unit: CompiledUnit,
  error: unknown,
  begun: boolean,
): Promise<void> {
  const { journal } = context.target
  if (error instanceof UnitLeft) {
    await journal.changeUnit(session, unit.id, { state: 'pending', detail: { left: error.message } }, context.actor)
    context.emit({ type: 'unit.changed', unit: unit.id, state: 'pending', reason: error.message })
    return
  }
  // A contract that was cancelled is stopped like one whose gate closed: what it has begun still counts against old builds.
  if (error instanceof UnitHeld && unit.id.phase === 'expand') {
    const { outcome, reason } = error.outcome
    const state = outcome === 'cancelled' ? 'cancelled' : 'prepared'
    await journal.changeUnit(session, unit.id, { state, detail: { left: reason } }, context.actor)
    context.emit({ type: 'unit.changed', unit: unit.id, state, reason })
    return
  }
  const gateClosed = error instanceof UnitHeld
  if (unit.id.phase === 'contract' && !begun && (gateClosed || context.signal.aborted)) {
    const reason = gateClosed ? error.outcome.reason : 'interrupted'
    await journal.changeUnit(session, unit.id, { state: 'pending', detail: { withdrawn: reason } }, context.actor)
    context.emit({ type: 'unit.changed', unit: unit.id, state: 'pending', reason: `contracting withdrawn: ${reason}` })
    return
  }
  // `running` with the lock free: interrupted.
  if (context.signal.aborted) return
  const coded = gateClosed
    ? gateClosedMidway(unit, error)
    : codedError(context.target, error, `applying ${unitName(unit.id)}`)
  await journal.changeUnit(session, unit.id, { state: 'failed', error: coded.toJSON() }, context.actor)
  context.emit({ type: 'unit.changed', unit: unit.id, state: 'failed', reason: coded.message })
}

/** The steps of a revert are forgotten when it ends: while they are there, the expand is half undone. */
function revertUnfinished(unit: UnitId, observedAt: string): UnitHeld {
  const reason = `the revert of ${unitName(unit)} is not finished; run: phasegate revert ${unit.migration}`
  return new UnitHeld(held(unit, reason, [{ name: 'revertFinished', state: 'closed', reason, observedAt }]))
}

function gateClosedMidway(unit: CompiledUnit, { outcome }: UnitHeld): PhasegateError {
  return new PhasegateError({
    code: 'GATE.CLOSED_MIDWAY',
    message:
      outcome.outcome === 'cancelled'
        ? `${unitName(unit.id)} was stopped after its first steps: ${outcome.reason}`
        : `A gate of ${unitName(unit.id)} closed after its first steps: ${outcome.reason}`,
    why: 'It stopped before a step that destroys something. What is done stands; for builds that use the old shape it counts as contracted.',
    next: [`phasegate gate ${unitName(unit.id)}`, 'Open the gate and run the same command again.'],
    exit: EXIT.gate,
  })
}

import {
  isPhasegateError,
  type JournalSnapshot,
  type PlannedUnit,
  type Session,
  type UnitId,
  type UnitName,
  unitName,
} from '@phasegate/core'
import { askGates, askUnitGates, whyHeld } from '../gate/ask-unit-gates.js'
import { runBackfillLane } from '../lane/run-backfill-lane.js'
import { runLane } from '../lane/run-lane.js'
import type { RunnerContext } from '../runner-context.js'
import type { UnitOutcome } from '../unit-outcome.js'
import { type Assignment, assignBackfills, type LeftUnit, whyStopped } from './assign-backfills.js'
import { assignExpands } from './assign-expands.js'
import type { FailedAttempts } from './failed-attempts.js'
import { runOpenContracts } from './run-open-contracts.js'

export interface WorkLoopOptions {
  /** ms between two looks while there is nothing to do, give or take a quarter. */
  readonly pollMs: number
  readonly attempts: FailedAttempts
  /** Contracts too: there is consent to what they destroy. Looked at each tenth time only, for their gates may read tables. */
  readonly contracts: boolean
  /** At the beginning of each round. */
  readonly onRound: () => void
  /** The journal was read. */
  readonly onJournal: (snapshot: JournalSnapshot) => void
  readonly onRun: (unit: UnitName | null) => void
  readonly onOutcome: (outcome: UnitOutcome) => void
}

/** A gate of a contract may compare a whole table, once all others are open. */
const CONTRACT_LOOKS = 10

/**
 * Runs every backfill whose gates are open, one after the other, and looks for more for ever. Never returns: it throws the
 * signal's reason, or what made it impossible to go on (the database is away). A unit that fails is left behind.
 */
export async function runWorkLoop(context: RunnerContext, options: WorkLoopOptions): Promise<never> {
  const { clock, signal } = context
  const session = await context.target.openSession('worker')
  let said: string | undefined
  let leftContracts: readonly LeftUnit[] = []
  /** Looks in a row at which there was nothing to do. */
  let idleLooks = 0
  try {
    for (;;) {
      signal.throwIfAborted()
      options.onRound()
      const expands = await runExpands(context, session, options)
      const { applied, left: leftBackfills } = await runBackfills(context, session, options)
      if (applied || expands.applied) {
        idleLooks = 0
        continue
      }
      if (options.contracts && idleLooks % CONTRACT_LOOKS === 0) {
        const contracts = await runContracts(context, session, options)
        leftContracts = contracts.left
        if (contracts.applied) continue
      }
      idleLooks++
      const left = [...expands.left, ...leftBackfills, ...leftContracts]
      const idle = JSON.stringify(left)
      if (idle !== said) context.emit({ type: 'worker.idle', left })
      said = idle
      await clock.sleep(options.pollMs * (0.75 + clock.random() / 2), signal)
    }
  } finally {
    await session.close()
  }
}

/** `applied`: something was ended, which may have opened another gate. */
interface Round {
  readonly applied: boolean
  readonly left: readonly LeftUnit[]
}

/** Every backfill that can be run now, each once. */
async function runBackfills(context: RunnerContext, session: Session, options: WorkLoopOptions): Promise<Round> {
  const snapshot = await context.target.journal.read(session)
  options.onJournal(snapshot)
  const assigned = assignBackfills(context.migrations, snapshot, options.attempts.whyWaits)
  return runEach(context, options, assigned, runBackfill, async ({ migration, unit }) => {
    // Only looked at: what a closed gate says is not written down every few seconds.
    const answer = await askUnitGates(context, session, snapshot, migration, unit)
    return answer.state === 'open' ? undefined : whyHeld(answer)
  })
}

/** Expands that `expand` has left because a step of theirs takes an engine, and those that one has begun. */
async function runExpands(context: RunnerContext, session: Session, options: WorkLoopOptions): Promise<Round> {
  const snapshot = await context.target.journal.read(session)
  const assigned = assignExpands(context.migrations, snapshot, options.attempts.whyWaits)
  return runEach(context, options, assigned, runExpand, async ({ migration, unit, record }) => {
    // Copied and held: taken up only when it may be swapped, or when its tool is gone; only looked at until then.
    if (record?.state !== 'prepared' || (await hasLostEngine(context, session, unit.id))) return undefined
    const gates = context.cutOverGates(unit, migration)
    const answer = await askGates(context, session, snapshot, migration, unit, gates)
    return answer.state === 'open' ? undefined : `prepared; its cut-over waits: ${whyHeld(answer)}`
  })
}

async function hasLostEngine({ target, engines }: RunnerContext, session: Session, unit: UnitId): Promise<boolean> {
  for (const standing of await target.journal.standingRuns(session))
    if (unitName(standing.unit) === unitName(unit) && (await engines.isLost(standing.run))) return true
  return false
}

/** @param whyNot why a unit is left alone after all; undefined: it is run */
async function runEach(
  context: RunnerContext,
  { attempts, onRun, onOutcome }: WorkLoopOptions,
  { take, left }: Assignment,
  run: (context: RunnerContext, entry: PlannedUnit) => Promise<readonly UnitOutcome[]>,
  whyNot: (entry: PlannedUnit) => Promise<string | undefined> = async () => undefined,
): Promise<Round> {
  const held: LeftUnit[] = []
  let applied = false
  for (const entry of take) {
    context.signal.throwIfAborted()
    const name = unitName(entry.unit.id)
    const reason = await whyNot(entry)
    if (reason !== undefined) {
      held.push({ unit: name, reason })
      continue
    }
    onRun(name)
    const outcomes = await run(context, entry).finally(() => onRun(null))
    for (const outcome of outcomes) {
      onOutcome(outcome)
      if (outcome.outcome === 'applied') applied = true
      else held.push({ unit: name, reason: outcome.reason })
      if (outcome.outcome !== 'failed') continue
      attempts.remember(entry, outcome.reason)
      const code = outcome.error?.code ?? null
      context.emit({ type: 'worker.failed', unit: entry.unit.id, code, reason: outcome.reason })
    }
  }
  return { applied, left: [...left, ...held] }
}

async function runExpand(context: RunnerContext, { unit }: PlannedUnit): Promise<readonly UnitOutcome[]> {
  try {
    return (await runLane(context, 'expand', { only: [unit.id], longSteps: true })).units
  } catch (error) {
    // Another runner is at work; it is seen again with the next look.
    if (isPhasegateError(error) && error.code === 'LOCK.BUSY') return []
    throw error
  }
}

async function runContracts(context: RunnerContext, session: Session, options: WorkLoopOptions): Promise<Round> {
  const { outcomes, left } = await runOpenContracts(context, session, await context.target.journal.read(session))
  for (const outcome of outcomes) {
    options.onOutcome(outcome)
    if (outcome.outcome === 'failed')
      context.emit({
        type: 'worker.failed',
        unit: outcome.unit,
        code: outcome.error?.code ?? null,
        reason: outcome.reason,
      })
  }
  return { applied: outcomes.some(({ outcome }) => outcome === 'applied'), left }
}

async function runBackfill(context: RunnerContext, entry: PlannedUnit): Promise<readonly UnitOutcome[]> {
  const edited = entry.state === 'ready' && entry.edited
  const { units } = await runBackfillLane(context, {
    only: [entry.unit.id],
    whenBusy: 'leave',
    // Between our look and the lock a person may have stopped it.
    mayBegin: (record) => whyStopped(record, edited) === undefined,
  })
  return units
}

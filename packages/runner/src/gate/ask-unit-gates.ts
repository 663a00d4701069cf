import {
  type CompiledMigration,
  type CompiledUnit,
  findUnit,
  type Gate,
  type GateCheck,
  type GateState,
  isPhasegateError,
  type JournalSnapshot,
  type Session,
} from '@phasegate/core'
import type { RunnerContext } from '../runner-context.js'

export interface GateAnswer {
  readonly state: GateState
  readonly checks: readonly GateCheck[]
  /** Ids of the overrides that opened a gate; they count once. */
  readonly overrides: readonly string[]
}

/** Asks every gate of a unit, on `session` outside any transaction. Reads only; `recordAnswer` keeps what was seen. */
export async function askUnitGates(
  context: RunnerContext,
  session: Session,
  snapshot: JournalSnapshot,
  migration: CompiledMigration,
  unit: CompiledUnit,
  action: 'apply' | 'revert' = 'apply',
): Promise<GateAnswer> {
  const returned = findUnit(snapshot, unit.id.migration, unit.id.phase)?.pointOfNoReturn === true
  const all = context.gatesFor(unit, migration, action)
  const gates = returned && action === 'apply' ? all.map(afterPointOfNoReturn) : all
  return askGates(context, session, snapshot, migration, unit, gates, action)
}

/** As `askUnitGates`, these gates. */
export async function askGates(
  context: RunnerContext,
  session: Session,
  snapshot: JournalSnapshot,
  migration: CompiledMigration,
  unit: CompiledUnit,
  gates: readonly Gate[],
  action: 'apply' | 'revert' = 'apply',
): Promise<GateAnswer> {
  const backfill = migration.units.backfill?.backfill
  const { state, checks, used } = await context.checkGates(
    gates,
    {
      unit,
      migration,
      action,
      snapshot,
      clients: context.clients,
      liveInstances: () => context.target.journal.liveInstances(session),
      clientSessions: () => context.target.clientSessions(session),
      signal: context.signal,
      statementUse: (object) => onSession(context, (own) => context.target.statementUse(own, object)),
      writersOf: (object) => onSession(context, (own) => context.target.writersOf(own, object)),
      verifyBackfill: async () =>
        backfill === undefined ? { mismatches: 0, sampleKeys: [] } : context.compareBackfill(backfill, 'missing'),
    },
    [...context.takenOverrides],
  )
  context.emit({ type: 'gate.checked', unit: unit.id, checks })
  return { state, checks, overrides: used }
}

/** A session of its own: what a gate left unanswered on it keeps nobody else waiting. */
async function onSession<T>({ target }: RunnerContext, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await target.openSession('gate')
  try {
    return await session.limited(GATE_TIMEOUTS, () => work(session))
  } finally {
    await session.close()
  }
}

/**
 * A contract that has dropped a column cannot compare it any more; what it compared was right when it passed the point of
 * no return. Everything else is asked as before.
 */
function afterPointOfNoReturn(gate: Gate): Gate {
  return {
    ...gate,
    check: async (asked) => {
      try {
        return await gate.check(asked)
      } catch (error) {
        if (!isPhasegateError(error) || !GONE.includes(error.code)) throw error
        const reason = `was open at the point of no return; what it compares is gone: ${error.message}`
        return { name: gate.name, state: 'open', reason, observedAt: asked.snapshot.now }
      }
    },
  }
}

/** Below the gates' own timeout, so that the server's answer comes first. */
const GATE_TIMEOUTS = { lockTimeout: 1000, statementTimeout: 25_000 }

const GONE = ['BACKFILL.NO_TABLE', 'BACKFILL.NO_COLUMN', 'BACKFILL.EXPRESSION']

/** Keeps what was seen, and spends the overrides when the unit really starts. */
export async function recordAnswer(
  context: RunnerContext,
  session: Session,
  unit: CompiledUnit,
  answer: GateAnswer,
  starting: boolean,
): Promise<void> {
  await context.target.journal.recordEvidence(session, unit.id, answer.checks)
  if (!starting) return
  for (const id of answer.overrides) {
    await context.target.journal.useOverride(session, id)
    context.takenOverrides.add(id)
  }
}

/** One line a person reads: what holds, and what each of them says. */
export function whyHeld(answer: GateAnswer): string {
  return answer.checks
    .filter((check) => check.state !== 'open')
    .map((check) => `${check.name} is ${check.state}: ${check.reason}`)
    .join('; ')
}

import type { CompiledMigration, CompiledUnit, Session } from '@phasegate/core'
import { askUnitGates, type GateAnswer, recordAnswer, whyHeld } from '../gate/ask-unit-gates.js'
import type { RunnerContext } from '../runner-context.js'
import { held, UnitHeld } from '../unit-outcome.js'

/** How often the gates are asked while a contract is announced, in ms. */
const LOOK_EVERY = 5_000

/**
 * The contract is announced by now (`contracting` is committed): no pod that uses the old shape turns ready any more.
 * One heartbeat later every pod has seen it or was ready before; then the gates are asked again. One that closes before
 * ends the wait, so that pods which are kept from turning ready wait no longer than they must.
 */
export async function announceContract(
  context: RunnerContext,
  session: Session,
  migration: CompiledMigration,
  unit: CompiledUnit,
): Promise<void> {
  const ms = await announceTime(context, session, migration)
  context.emit({ type: 'unit.changed', unit: unit.id, state: 'contracting' })
  if (ms > 0) {
    context.emit({ type: 'unit.waiting', unit: unit.id, for: 'one heartbeat after announcing the contract', ms })
    const end = context.clock.now() + ms
    for (let left = ms; left > 0; left = end - context.clock.now()) {
      await context.clock.sleep(Math.min(left, LOOK_EVERY), context.signal)
      if (left > LOOK_EVERY) await lookAgain(context, session, migration, unit)
    }
  }
  await askAgain(context, session, migration, unit)
}

/** Asks all gates but those that read tables. What is not known for the moment may be known when the wait is over. */
async function lookAgain(
  context: RunnerContext,
  session: Session,
  migration: CompiledMigration,
  unit: CompiledUnit,
): Promise<void> {
  const cheap: RunnerContext = {
    ...context,
    gatesFor: (...of) => context.gatesFor(...of).filter(({ cost }) => cost !== 2),
  }
  const answer = await askUnitGates(cheap, session, await context.target.journal.read(session), migration, unit)
  if (answer.state === 'closed') await holdUnit(context, session, unit, answer)
}

/**
 * ms that the announcement stands: as long as any heartbeat counts. By then every instance has said again that it lives, and
 * has read that the contract is announced, or counts as gone.
 */
async function announceTime(context: RunnerContext, session: Session, migration: CompiledMigration): Promise<number> {
  const concerned = migration.applications
  const lifetimes = (await context.target.journal.liveInstances(session))
    .filter(({ application }) => concerned === undefined || concerned.includes(application))
    .map(({ lastSeen, expiresAt }) => Date.parse(expiresAt) - Date.parse(lastSeen))
  return Math.max(context.settings.announceTime, ...lifetimes)
}

/** Asks the gates of a unit once more. Throws UnitHeld where they hold it. */
export async function askAgain(
  context: RunnerContext,
  session: Session,
  migration: CompiledMigration,
  unit: CompiledUnit,
): Promise<void> {
  const snapshot = await context.target.journal.read(session)
  const answer = await askUnitGates(context, session, snapshot, migration, unit)
  if (answer.state !== 'open') await holdUnit(context, session, unit, answer)
}

async function holdUnit(
  context: RunnerContext,
  session: Session,
  unit: CompiledUnit,
  answer: GateAnswer,
): Promise<never> {
  await recordAnswer(context, session, unit, answer, false)
  throw new UnitHeld(held(unit.id, whyHeld(answer), answer.checks))
}

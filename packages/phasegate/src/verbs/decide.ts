import {
  type ApprovedClient,
  type CompiledUnit,
  EXIT,
  PhasegateError,
  type Session,
  type UnitName,
  unitName,
} from '@phasegate/core'
import { parseDuration } from '../config/duration.js'
import { unitMissing } from '../load/load-errors.js'
import { resolveUnit } from '../load/resolve-unit.js'
import { ensureUnderLock } from '../target/ensure-journal.js'
import { actorOf, type OpenRunner, type TargetOptions, withRunner } from '../target/open-runner.js'
import { assertAsked, readClient } from './approved-client.js'

export interface DecideOptions extends TargetOptions {
  /** By slug or unique prefix, with its phase: `email_verified:contract`. */
  readonly unit: string
  /** Why; required, kept for ever. */
  readonly reason?: string
  /** How long it counts; default for ever (until revoked). */
  readonly for?: string
}

/** One client of the database instead of all that the unit concerns; one of the two. */
export interface ClientOptions {
  /** As the configuration names it. */
  readonly application?: string
  /** A database role whose sessions no instance covers. */
  readonly role?: string
}

export interface Decision {
  readonly unit: UnitName
  readonly by: string
  readonly reason: string
  readonly id?: string
  readonly revoked?: number
  /** The one client that it is for, where it is for one. */
  readonly client?: ApprovedClient
}

/**
 * Approves a unit: its present fingerprint, in this database; with `application` or `role` for that client alone, so that it
 * opens what the gates do not know of that one and nothing else.
 *
 * @throws `APPROVAL.NO_REASON`, `APPROVAL.DURATION`, `APPROVAL.CLIENT`
 * @example
 * await runApprove({ unit: 'email_verified:contract', application: 'billing', reason: 'billing reads a view of its own' })
 */
export async function runApprove(options: DecideOptions & ClientOptions): Promise<Decision> {
  const client = readClient(options)
  return decide(options, async ({ target, migrations, settings }, session, unit, reason) => {
    if (client !== undefined) {
      const migration = migrations.find((one) => one.name === unit.id.migration)!
      assertAsked(client, unit.id, settings.clients, migration)
    }
    const actor = actorOf(options)
    const id = await target.journal.approve(session, {
      unit: unit.id,
      kind: 'approval',
      gate: client ?? null,
      actor,
      reason,
      fingerprint: unit.fingerprint,
      expiresIn: readFor(options.for),
    })
    return { unit: unitName(unit.id), by: actor.by, reason, id, ...(client === undefined ? {} : { client }) }
  })
}

/** Counts one gate of a unit as open, once. Throws as `runApprove`, and `OVERRIDE.GATE` for a gate the unit has not. */
export async function runOverride(options: DecideOptions & { readonly gate?: string }): Promise<Decision> {
  return decide(options, async ({ target, context, migrations }, session, unit, reason) => {
    const migration = migrations.find((one) => one.name === unit.id.migration)!
    const gates = context.gatesFor(unit, migration, 'apply').map((gate) => gate.name)
    if (options.gate === undefined || !gates.includes(options.gate))
      throw unknownGate(options.gate, unitName(unit.id), gates)
    const actor = actorOf(options)
    const id = await target.journal.approve(session, {
      unit: unit.id,
      kind: 'override',
      gate: options.gate,
      actor,
      reason,
      fingerprint: unit.fingerprint,
      expiresIn: readFor(options.for),
    })
    return { unit: unitName(unit.id), by: actor.by, reason, id }
  })
}

/** Withdraws every standing approval and override of a unit; with `application` or `role` the approvals for that client alone. */
export async function runRevoke(options: DecideOptions & ClientOptions): Promise<Decision> {
  const client = readClient(options)
  return decide(options, async ({ target }, session, unit, reason) => {
    const actor = actorOf(options)
    const revoked = await target.journal.revoke(session, unit.id, actor, reason, client)
    return { unit: unitName(unit.id), by: actor.by, reason, revoked, ...(client === undefined ? {} : { client }) }
  })
}

function decide(
  options: DecideOptions,
  write: (runner: OpenRunner, session: Session, unit: CompiledUnit, reason: string) => Promise<Decision>,
): Promise<Decision> {
  const reason = options.reason?.trim() ?? ''
  if (reason === '') throw noReason()
  readFor(options.for)
  return withRunner(options, async (runner) => {
    const id = resolveUnit(
      options.unit,
      runner.migrations.map((one) => one.name),
    )
    const unit = runner.migrations.find((one) => one.name === id.migration)?.units[id.phase]
    if (unit === undefined) throw unitMissing(unitName(id))
    const session = await runner.target.openSession('approve')
    try {
      await ensureUnderLock(runner, session)
      return await write(runner, session, unit, reason)
    } finally {
      await session.close()
    }
  })
}

function readFor(text: string | undefined): number | null {
  if (text === undefined) return null
  const ms = parseDuration(text)
  if (ms !== undefined && ms > 0) return ms
  throw new PhasegateError({
    code: 'APPROVAL.DURATION',
    message: `'${text}' is not a duration.`,
    next: ["Write it as '2h', '7d' or '90s'."],
    exit: EXIT.usage,
  })
}

function noReason(): PhasegateError {
  return new PhasegateError({
    code: 'APPROVAL.NO_REASON',
    message: 'A decision needs its reason.',
    why: 'It is kept with the unit and shown for ever.',
    next: ["Add --reason 'dashboard shows no reader of the old column since Monday'"],
    exit: EXIT.usage,
  })
}

function unknownGate(given: string | undefined, unit: UnitName, gates: readonly string[]): PhasegateError {
  return new PhasegateError({
    code: 'OVERRIDE.GATE',
    message: given === undefined ? 'Which gate is to be overridden?' : `${unit} has no gate '${given}'.`,
    next: [`--gate ${gates.map((gate) => `'${gate}'`).join(' | ')}`, `phasegate gate ${unit}`],
    exit: EXIT.usage,
  })
}

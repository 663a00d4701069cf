import {
  type ApprovalRecord,
  allOf,
  type EvidenceRecord,
  type GateCheck,
  type GateState,
  type JournalSnapshot,
  type UnitName,
  unitName,
} from '@phasegate/core'
import type { CheckView, DecisionView, GateView } from './status-document.js'

/**
 * What the recorded evidence says of each unit's gates. Nothing is asked here: only the command line evaluates gates.
 *
 * @param now ms since the epoch by the database's clock.
 */
export function describeGates(snapshot: JournalSnapshot, now: number): Readonly<Record<UnitName, GateView>> {
  const gates: Record<UnitName, GateView> = {}
  for (const name of new Set([...snapshot.evidence, ...snapshot.approvals].map(unitName)))
    gates[name] = describeGate(snapshot, name, now)
  return gates
}

/** A unit that was never asked for is `unknown`, which holds. */
export function describeGate(snapshot: JournalSnapshot, name: UnitName, now: number): GateView {
  const checks = snapshot.evidence.filter((one) => unitName(one) === name).map((one) => describeCheck(one, now))
  const decisions = snapshot.approvals.filter((one) => unitName(one) === name)
  const overrides = decisions.filter((one) => one.kind === 'override').map((one) => describeDecision(one, now))
  const approvals = decisions.filter((one) => one.kind === 'approval').map((one) => describeDecision(one, now))
  return { state: stateOf(checks, overrides), checks, overrides, approvals }
}

function stateOf(checks: readonly CheckView[], overrides: readonly DecisionView[]): GateState {
  if (checks.length === 0) return 'unknown'
  const overridden = (check: CheckView): boolean => overrides.some((one) => one.standing && one.gate === check.name)
  return allOf(checks.map((check) => (overridden(check) ? 'open' : check.expired ? 'unknown' : check.state)))
}

function describeCheck({ check }: EvidenceRecord, now: number): CheckView {
  return {
    name: check.name,
    state: check.state,
    reason: check.reason,
    observed: check.observed ?? null,
    required: check.required ?? null,
    observedAt: check.observedAt,
    expiresAt: check.expiresAt ?? null,
    expired: hasPassed(check.expiresAt, now),
    checks: (check.checks ?? []).map(shown),
  }
}

/** Without what a gate keeps for itself. */
function shown({ kept: _own, ...check }: GateCheck): GateCheck {
  return check.checks === undefined ? check : { ...check, checks: check.checks.map(shown) }
}

function describeDecision(record: ApprovalRecord, now: number): DecisionView {
  const { id, actor, reason, gate, at, expiresAt, revokedAt, usedAt } = record
  const standing = revokedAt === null && !hasPassed(expiresAt, now) && (record.kind === 'approval' || usedAt === null)
  const what = record.kind === 'override' ? { gate, client: null } : { gate: null, client: gate }
  return { id, by: actor.by, through: actor.through, reason, ...what, at, expiresAt, revokedAt, usedAt, standing }
}

function hasPassed(instant: string | null | undefined, now: number): boolean {
  return instant != null && Date.parse(instant) <= now
}

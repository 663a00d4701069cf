import {
  type ApprovalRecord,
  allOf,
  type EvidenceRecord,
  type GateCheck,
  type GateState,
  type JournalSnapshot,
  type UnitId,
  type UnitName,
  unitName,
} from '@phasegate/core'
import { groupBy } from './group-by.js'
import { once } from './once.js'
import type { CheckView, DecisionView, GateView } from './status-document.js'

/**
 * What the recorded evidence says of each unit's gates. Nothing is asked here: only the command line evaluates gates.
 *
 * @param now ms since the epoch by the database's clock.
 */
export function describeGates({ evidence, approvals }: JournalSnapshot, now: number): GateViews {
  // What is said changes where something ends, and between two of these times it is the same.
  const since = endsOf(evidence, approvals).findLast((end) => end <= now) ?? Number.NEGATIVE_INFINITY
  return describeSince(evidence, approvals, since)
}

type GateViews = Readonly<Record<UnitName, GateView>>
type Evidence = JournalSnapshot['evidence']
type Approvals = JournalSnapshot['approvals']

/** When evidence and decisions end, in ms since the epoch, in that order. */
const endsOf = once((evidence: Evidence, approvals: Approvals): readonly number[] =>
  [...evidence.map(({ check }) => check.expiresAt), ...approvals.map(({ expiresAt }) => expiresAt)]
    .map((end) => (end == null ? Number.NaN : Date.parse(end)))
    .filter((end) => !Number.isNaN(end))
    .sort((a, b) => a - b),
)

const describeSince = once((evidence: Evidence, approvals: Approvals, now: number): GateViews => {
  const checks = groupBy(evidence, unitName)
  const decisions = groupBy(approvals, unitName)
  const names = new Set([...checks.keys(), ...decisions.keys()])
  return Object.fromEntries(
    [...names].map((name) => [name, viewOf(checks.get(name) ?? [], decisions.get(name) ?? [], now)]),
  )
})

/** A unit that was never asked for is `unknown`, which holds. */
export function describeGate(snapshot: JournalSnapshot, name: UnitName, now: number): GateView {
  const isOf = (one: UnitId): boolean => unitName(one) === name
  return viewOf(snapshot.evidence.filter(isOf), snapshot.approvals.filter(isOf), now)
}

function viewOf(evidence: readonly EvidenceRecord[], decisions: readonly ApprovalRecord[], now: number): GateView {
  const checks = evidence.map((one) => describeCheck(one, now))
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

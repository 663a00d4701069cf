import type { ApprovalRecord, CompiledUnit, GateCheck, JournalSnapshot } from '@phasegate/core'
import { approvalsOf } from './standing-approvals.js'

export interface Overridden {
  readonly checks: readonly GateCheck[]
  /** Overrides that opened something: to be marked used when the unit starts, and given as `taken` when it asks again. */
  readonly used: readonly string[]
}

/**
 * Lets each standing override open the gate that it names, once, and says so in the reason. Standing is one of this very
 * fingerprint that is not revoked, not expired and not used.
 *
 * @param taken ids that this very run has used already, so that asking again under the lock finds them still in force
 */
export function applyOverrides(
  checks: readonly GateCheck[],
  snapshot: JournalSnapshot,
  unit: CompiledUnit,
  taken: readonly string[] = [],
): Overridden {
  const free = approvalsOf(snapshot, unit, 'override').filter((record) => isStanding(record, snapshot, unit, taken))
  const used: string[] = []
  const opened = checks.map((check) => {
    if (check.state === 'open') return check
    const override = free.find((record) => record.gate === check.name && !used.includes(record.id))
    if (override === undefined) return check
    used.push(override.id)
    const reason = `overridden by ${override.actor.by}: ${override.reason} (was ${check.state}: ${check.reason})`
    // The evidence keeps what the gate itself saw; only how long it counts is now the override's.
    const { expiresAt: _own, ...rest } = check
    return {
      ...rest,
      state: 'open' as const,
      reason,
      ...(override.expiresAt === null ? {} : { expiresAt: override.expiresAt }),
    }
  })
  return { checks: opened, used }
}

function isStanding(
  record: ApprovalRecord,
  snapshot: JournalSnapshot,
  unit: CompiledUnit,
  taken: readonly string[],
): boolean {
  if (record.fingerprint !== unit.fingerprint || record.revokedAt !== null) return false
  if (taken.includes(record.id)) return true
  const live = record.expiresAt === null || Date.parse(record.expiresAt) > Date.parse(snapshot.now)
  return record.usedAt === null && live
}

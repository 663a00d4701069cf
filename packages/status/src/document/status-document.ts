import type {
  AppUses,
  BatchTimes,
  ErrorEnvelope,
  GateCheck,
  GateState,
  JournalSnapshot,
  Phase,
  QuarantineRecord,
  UnitName,
  UnitProgress,
  UnitState,
  VerificationRecord,
} from '@phasegate/core'
import type { Verdict } from '../verdict/judge.js'
import type { HeartbeatState, StatusWord } from '../verdict/standing.js'

/**
 * What `/migrations/status` and `phasegate status --json` give; described by `status.schema.json`. New fields may
 * appear within one `schemaVersion`; none changes its meaning or goes away. Times are ISO by the database's clock.
 */
export interface StatusDocument {
  readonly schemaVersion: 1
  readonly status: StatusWord
  readonly verdict: Verdict
  readonly reason: string
  readonly application: string | null
  readonly build: string | null
  readonly instance: string | null
  readonly draining: boolean
  /** Does this process report that it lives, and is its first heartbeat stored? */
  readonly heartbeat: HeartbeatState
  readonly journal: JournalView
  readonly requires: readonly UnitName[]
  readonly missing: readonly UnitName[]
  readonly incompatibleWith: readonly UnitName[]
  readonly migrations: readonly MigrationView[]
  readonly gates: Readonly<Record<UnitName, GateView>>
  /** Units that are not applied, of the migrations listed. */
  readonly counts: Readonly<Record<Phase, number>>
}

export interface JournalView {
  readonly exists: boolean
  readonly version: number | null
  readonly dialect: string | null
  readonly serverVersion: string | null
  readonly database: string | null
  readonly readAt: string | null
  /** ms since it was read. */
  readonly ageMs: number | null
  readonly stale: boolean
  readonly held: JournalSnapshot['held']
  readonly error: ErrorEnvelope | null
}

export interface MigrationView {
  readonly name: string
  readonly appUses: AppUses | null
  readonly phases: { readonly [phase in Phase]?: PhaseView }
}

export interface PhaseView {
  readonly state: UnitState
  readonly since: string | null
  readonly fingerprint: string | null
  readonly progress: UnitProgress | null
  /** What its batches cost so far, those of all workers. */
  readonly batches: BatchTimes | null
  /** How the result of an applied backfill was proven. */
  readonly verified: VerificationRecord | null
  /** Rows that an applied backfill could not change and went past. */
  readonly quarantine: QuarantineRecord | null
  readonly engine: string
  /** The journal knows it, and these files (or this build) do not. */
  readonly foreign: boolean
  readonly error: ErrorEnvelope | null
}

export interface GateView {
  /** By the evidence that is recorded and has not expired. */
  readonly state: GateState
  readonly checks: readonly CheckView[]
  readonly overrides: readonly DecisionView[]
  readonly approvals: readonly DecisionView[]
}

export interface CheckView {
  readonly name: string
  readonly state: GateState
  readonly reason: string
  readonly observed: string | null
  readonly required: string | null
  readonly observedAt: string
  readonly expiresAt: string | null
  readonly expired: boolean
  /** The parts of a combined gate. */
  readonly checks: readonly GateCheck[]
}

export interface DecisionView {
  readonly id: string
  readonly by: string
  readonly through: Readonly<Record<string, string>>
  readonly reason: string
  /** Which gate an override opens. */
  readonly gate: string | null
  /** The one client that an approval is for, `application billing` or `role reports`; null: it is for the unit. */
  readonly client: string | null
  readonly at: string
  readonly expiresAt: string | null
  readonly revokedAt: string | null
  readonly usedAt: string | null
  /** Not revoked, expired or (an override) used. */
  readonly standing: boolean
}

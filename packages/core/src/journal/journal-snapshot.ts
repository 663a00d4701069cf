import type { AppUses } from '../authoring/app-uses.js'
import type { ErrorEnvelope } from '../error/phasegate-error.js'
import type { GateCheck } from '../gate/gate.js'
import type { Phase } from '../phase.js'
import { type UnitName, type UnitState, unitName } from '../unit.js'
import type { RecordedProgress } from './unit-progress.js'

/** Who did something: the name given, and through what it came. */
export interface Actor {
  readonly by: string
  /** Database role, CI actor, host and process. */
  readonly through: Readonly<Record<string, string>>
}

/** What the journal knows of one unit. Times are ISO, by the database's clock. */
export interface UnitRecord {
  readonly migration: string
  readonly phase: Phase
  readonly state: UnitState
  readonly fingerprint: string
  readonly attempts: number
  readonly actor: Actor | null
  /** Since when it is in this state. */
  readonly since: string
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly error: ErrorEnvelope | null
  /** `pause` or `cancel` asked for and not yet carried out; `now` also cancels the running statement. */
  readonly request: { readonly action: 'pause' | 'cancel'; readonly now: boolean } | null
  /** The first step that destroys something has begun: there is no way back. */
  readonly pointOfNoReturn: boolean
  /** What was destroyed, verified, skipped…, in the words of the document. */
  readonly detail: Readonly<Record<string, unknown>>
  /** As it was recorded; `readProgress` fills in what an older version did not know. */
  readonly progress: Partial<RecordedProgress> | null
}

/** One client of the database, as an approval names it: `application billing` or `role reports`. */
export type ApprovedClient = `application ${string}` | `role ${string}`

export interface ApprovalRecord {
  readonly id: string
  readonly migration: string
  readonly phase: Phase
  readonly kind: 'approval' | 'override'
  /** Which gate an override opens; of an approval the `ApprovedClient` that it is for, null for the whole unit. */
  readonly gate: string | null
  readonly actor: Actor
  readonly reason: string
  readonly fingerprint: string
  readonly at: string
  readonly expiresAt: string | null
  readonly revokedAt: string | null
  /** An override counts once; when it was used. */
  readonly usedAt: string | null
}

export interface EvidenceRecord {
  readonly migration: string
  readonly phase: Phase
  readonly check: GateCheck
}

export interface BuildRecord {
  readonly digest: string
  readonly application: string
  readonly firstSeen: string
  readonly lastSeen: string
  readonly liveInstances: number
  /** Per migration, what this build's code does with it. */
  readonly uses: Readonly<Record<string, AppUses>>
}

/** One consistent read of the journal, made by one statement. */
export interface JournalSnapshot {
  /** False: no journal in this database; every unit is pending. */
  readonly exists: boolean
  readonly version: number | null
  /** Which database this is: an id the journal was created with, so that a saved plan fits no other. */
  readonly target: string | null
  readonly database: string
  readonly server: { readonly dialect: string; readonly version: string }
  /** The database's wall clock, ISO. */
  readonly now: string
  /** `pause` without a name holds all of the target. */
  readonly held: { readonly actor: Actor; readonly reason: string; readonly at: string } | null
  readonly units: readonly UnitRecord[]
  readonly approvals: readonly ApprovalRecord[]
  /** The latest check of each gate of each unit. */
  readonly evidence: readonly EvidenceRecord[]
  readonly builds: readonly BuildRecord[]
  /** Of a poll that reports: the heartbeat that came with it is stored. */
  readonly stored?: boolean
  /** Of a poll that reports: another one where the journal may have changed. */
  readonly mark?: string
}

/** Units of a snapshot by name: who judges ten thousand migrations looks each of them up. */
const byName = new WeakMap<JournalSnapshot['units'], ReadonlyMap<UnitName, UnitRecord>>()

export function findUnit({ units }: JournalSnapshot, migration: string, phase: Phase): UnitRecord | undefined {
  let named = byName.get(units)
  if (named === undefined) {
    named = new Map(units.map((unit) => [unitName(unit), unit]))
    byName.set(units, named)
  }
  return named.get(unitName({ migration, phase }))
}

import type { CompiledStep, StepExecution } from '../compiled/compiled-migration.js'
import type { EngineRun } from '../engine/engine-run.js'
import type { EngineTask } from '../engine/engine-task.js'
import type { ErrorEnvelope } from '../error/phasegate-error.js'
import type { GateCheck } from '../gate/gate.js'
import type { InstanceRecord } from '../journal/instance-record.js'
import type { Actor, ApprovedClient, JournalSnapshot } from '../journal/journal-snapshot.js'
import type { UnitId, UnitState } from '../unit.js'
import type { Backend, Session } from './session.js'

export type Direction = 'apply' | 'revert'
export type StepState = 'pending' | 'started' | 'done'

/** A step as it was frozen when its unit started. */
export interface StepRecord {
  readonly position: number
  readonly statement: string
  readonly hash: string
  readonly written: string
  readonly execution: StepExecution
  readonly lock: CompiledStep['facts']['lock']
  readonly destroys: readonly string[]
  readonly opaque: boolean
  readonly state: StepState
  /** Done without us: it was there before this step ever began, so that no revert may take it away. */
  readonly found: boolean
  /** The session that started it; what resume waits for. */
  readonly backend: Backend | null
  /** What an engine has begun for it and not ended. */
  readonly run: EngineRun | null
}

/** A run of an engine that has not ended, and the step that it is of. */
export interface StandingRun {
  readonly unit: UnitId
  readonly direction: Direction
  readonly position: number
  readonly task: EngineTask
  readonly run: EngineRun
}

export interface UnitChange {
  readonly state: UnitState
  readonly error?: ErrorEnvelope | null
  readonly detail?: Readonly<Record<string, unknown>>
  readonly pointOfNoReturn?: boolean
  /** The session that works on it from now on; absent: as it was. */
  readonly backend?: Backend
}

export interface StartUnit {
  readonly unit: UnitId
  readonly fingerprint: string
  readonly actor: Actor
  readonly backend: Backend
  readonly state: UnitState
  readonly detail?: Readonly<Record<string, unknown>>
}

/**
 * Our tables in the target. Every method runs on the session that it is given, so that a journal row can share the
 * transaction of the step that it records. Nothing is created but by `ensure`.
 */
export interface Journal {
  /** Creates or upgrades the tables and grants `appRoles` what they need; under the journal lock. */
  ensure(session: Session, appRoles: readonly string[]): Promise<void>
  /** One consistent read; `exists: false` where there is no journal. Throws `JOURNAL.FORBIDDEN`, `JOURNAL.NEWER`. */
  read(session: Session): Promise<JournalSnapshot>

  /** Instances whose heartbeat counts now, by name; empty where there is no journal. */
  liveInstances(session: Session): Promise<readonly InstanceRecord[]>
  /** The build manifests of an application as they were recorded, as JSON texts; the newest first. */
  recordedManifests(session: Session, application: string): Promise<readonly string[]>
  /** Forgets instances whose heartbeat ended over an hour ago, but the last one of each build: it says when that was seen. */
  forgetInstances(session: Session): Promise<void>

  /** Inserts or restarts the unit's row: state, fingerprint, actor, attempts + 1. */
  startUnit(session: Session, start: StartUnit): Promise<void>
  changeUnit(session: Session, unit: UnitId, change: UnitChange, actor: Actor): Promise<void>
  /** The frozen steps in order; empty where the unit never started. */
  steps(session: Session, unit: UnitId, direction: Direction): Promise<readonly StepRecord[]>
  /** Freezes `steps` from `position` on, replacing what was frozen there and is not begun. */
  freezeSteps(
    session: Session,
    unit: UnitId,
    direction: Direction,
    position: number,
    steps: readonly CompiledStep[],
  ): Promise<void>
  /** Marks a step; `started` records the session's backend, `found` says that it was there before it ever began. */
  markStep(
    session: Session,
    unit: UnitId,
    direction: Direction,
    position: number,
    state: StepState,
    found?: boolean,
  ): Promise<void>
  /** Keeps the run of an engine with its step; null: nothing of it is left. */
  recordRun(
    session: Session,
    unit: UnitId,
    direction: Direction,
    position: number,
    run: EngineRun | null,
  ): Promise<void>
  /** Every run of an engine that has not ended. */
  standingRuns(session: Session): Promise<readonly StandingRun[]>
  /** Forgets the steps of a unit, for one that was reverted and starts anew; its ranges are the backfill target's. */
  forgetSteps(session: Session, unit: UnitId): Promise<void>

  recordEvidence(session: Session, unit: UnitId, checks: readonly GateCheck[]): Promise<void>
  approve(session: Session, approval: NewApproval): Promise<string>
  /** Ends every standing approval and override of the unit, or the approvals for one client alone; returns how many. */
  revoke(session: Session, unit: UnitId, actor: Actor, reason: string, client?: ApprovedClient): Promise<number>
  useOverride(session: Session, id: string): Promise<void>

  /** Asks a running backfill to pause or stop; null withdraws the request. */
  request(
    session: Session,
    unit: UnitId,
    request: { readonly action: 'pause' | 'cancel'; readonly now: boolean } | null,
    actor: Actor,
  ): Promise<void>
  /** Holds or frees all backfills of the target. */
  hold(session: Session, hold: { readonly reason: string } | null, actor: Actor): Promise<void>
  /** Of events of this type that belong to no unit, the last for each `detail.table`, as it was appended. */
  lastOfTables(session: Session, type: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  /** Appends to the event log. */
  append(session: Session, unit: UnitId | null, type: string, detail: object, actor: Actor): Promise<void>
}

export interface NewApproval {
  readonly unit: UnitId
  readonly kind: 'approval' | 'override'
  /** As in `ApprovalRecord`. */
  readonly gate: string | null
  readonly actor: Actor
  readonly reason: string
  readonly fingerprint: string
  /** ms from now by the database's clock; null never expires. */
  readonly expiresIn: number | null
}

import type {
  Actor,
  Clients,
  Clock,
  Compared,
  CompiledBackfill,
  CompiledMigration,
  CompiledUnit,
  Emit,
  EngineDesk,
  Gate,
  GateCheck,
  GateContext,
  GateState,
  PhasegateError,
  PlannedPace,
  Session,
  Target,
} from '@phasegate/core'

/** Every time is in ms. */
export interface RunnerSettings {
  /** How long one statement of ours may queue for a lock, and so keep others waiting behind it; a second or less. */
  readonly lockTimeout: number
  /** How long a statement that others would wait for may take, its waiting included. */
  readonly statementTimeout: number
  /** How long to poll for a lane's lock before giving up. */
  readonly maxLockWait: number
  /** Bounds of the retries of one step that did not get its lock. */
  readonly retry: {
    readonly attempts: number
    readonly totalTime: number
    readonly firstPause: number
    readonly maxPause: number
  }
  /** How long a concurrent build may wait for one old transaction before it is cancelled. */
  readonly concurrentWait: number
  /**
   * How long a contract stays announced at least before it begins, so that no old pod turns ready any more; longer where the
   * heartbeat of an instance counts for longer.
   */
  readonly announceTime: number
  /** How long to try to reconnect after a lost connection. */
  readonly reconnectTime: number
}

export const DEFAULT_SETTINGS: RunnerSettings = {
  lockTimeout: 800,
  statementTimeout: 800,
  maxLockWait: 60_000,
  retry: { attempts: 40, totalTime: 300_000, firstPause: 300, maxPause: 15_000 },
  concurrentWait: 900_000,
  announceTime: 15_000,
  reconnectTime: 60_000,
}

/** How a backfill ended, as the runner needs to know it. A failure is in the journal already. */
export type BackfillRun =
  | { readonly state: 'applied'; readonly rows: number; readonly quarantined?: number }
  | { readonly state: 'cancelled'; readonly rows: number }
  | { readonly state: 'paused'; readonly rows: number; readonly reason: string }
  | { readonly state: 'busy'; readonly rows: number; readonly owner: string }
  /** By another process. */
  | { readonly state: 'ended'; readonly rows: number }
  | { readonly state: 'failed'; readonly rows: number; readonly error: PhasegateError }

/** What the runner is given: the target, the files, and the packages above it, as functions. */
export interface RunnerContext {
  readonly target: Target
  readonly migrations: readonly CompiledMigration[]
  readonly actor: Actor
  readonly appRoles: readonly string[]
  /** Every client of the database, where the config names them. */
  readonly clients: Clients | undefined
  readonly settings: RunnerSettings
  readonly clock: Clock
  readonly emit: Emit
  readonly signal: AbortSignal
  /** Default, configured and own gates of a unit. */
  readonly gatesFor: (unit: CompiledUnit, migration: CompiledMigration, action: 'apply' | 'revert') => readonly Gate[]
  /** Asks gates, cheapest first, and lets standing overrides open theirs; `used` are the ids of those that did. */
  readonly checkGates: (
    gates: readonly Gate[],
    context: GateContext,
    taken: readonly string[],
  ) => Promise<{ readonly state: GateState; readonly checks: readonly GateCheck[]; readonly used: readonly string[] }>
  /** Ids of the overrides that this run has spent: they stay in force when it asks again. */
  readonly takenOverrides: Set<string>
  readonly compareBackfill: (
    backfill: CompiledBackfill,
    compared: Compared,
    /** Keys of rows that count as right; default: none. */
    except?: readonly string[],
  ) => Promise<{ readonly mismatches: number; readonly sampleKeys: readonly string[] }>
  /** How fast and when a backfill would work. */
  readonly plannedPace: (unit: CompiledUnit, backfill: CompiledBackfill) => PlannedPace
  /** Who copies large tables. */
  readonly engines: EngineDesk
  /** Gates between an engine's copy and its swap, beside those of the unit itself. */
  readonly cutOverGates: (unit: CompiledUnit, migration: CompiledMigration) => readonly Gate[]
  readonly runBackfill: (
    unit: CompiledUnit,
    backfill: CompiledBackfill,
    withLaneLock: <T>(work: (session: Session) => Promise<T>) => Promise<T>,
  ) => Promise<BackfillRun>
}

import type {
  Actor,
  Clock,
  Compared,
  CompiledBackfill,
  Emit,
  PaceSettings,
  Session,
  Target,
  UnitId,
} from '@phasegate/core'
import { SERVO_LIMITS, type ServoLimits } from './batch/servo.js'

/** What comparing needs; what running needs besides is in `BackfillOptions`. */
export interface CompareOptions {
  readonly target: Target
  readonly backfill: CompiledBackfill
  /** What counts against a row; default `differs`. */
  readonly compared?: Compared
  /** Keys of rows that count as right, since they are known to be wrong: those in quarantine. Default: none. */
  readonly except?: readonly string[]
  /** A session for the batches alone, called again when one was lost. The engine closes what it opened. */
  readonly openSession: () => Promise<Session>
  readonly clock: Clock
  readonly emit?: Emit
  readonly signal?: AbortSignal
  /** ms after which a mismatch is looked at again before it counts; default 1000. */
  readonly mismatchDelayMs?: number
  /** ms to go on trying to reach the server after a connection was lost; default 60000. */
  readonly reconnectMs?: number
  /** ms without progress after which it fails and names who holds it up; default 600000. */
  readonly stuckMs?: number
  /** ms for which a batch may wait for a lock; well under the server's deadlock_timeout; default 200. */
  readonly lockTimeoutMs?: number
  /** ms of a lease; a statement may take half of it; default 30000. */
  readonly leaseMs?: number
  readonly limits?: ServoLimits
  /** Called whenever it goes on to the next thing, waiting included: a process whose pulse has stopped hangs. */
  readonly pulse?: () => void
}

export interface BackfillOptions extends CompareOptions {
  readonly unit: UnitId
  readonly fingerprint: string
  readonly actor: Actor
  /** Shown as the holder of the leases: `host:pid`. Each of several workers adds its number. */
  readonly owner: string
  /** How many workers of this process share the work, each with a session of its own; default 1. */
  readonly workers?: number
  /** Runs `work` while the backfill lane's lock is held, on the session that holds it. */
  readonly withLaneLock: <T>(work: (session: Session) => Promise<T>) => Promise<T>
  /** Passes after the first for rows that were written in the old shape meanwhile; default 3. */
  readonly catchUpPasses?: number
  /** How fast and when it may work; default: always, as fast as the default signals of the server allow. */
  readonly pace?: Partial<PaceSettings>
  /** ms since 1970, for time windows; default `Date.now`. */
  readonly wallClock?: () => number
  /** What to do while it is paused; default `return`. */
  readonly whilePaused?: 'wait' | 'return'
}

export type CompareSettings = Required<Omit<CompareOptions, 'signal'>> & { readonly signal: AbortSignal | undefined }
export type BackfillSettings = Required<Omit<BackfillOptions, 'signal' | 'pace'>> &
  CompareSettings & { readonly pace: PaceSettings }

/** How long the recorded progress may be behind, and how often a paused engine looks up, in ms. */
export const PROGRESS_EVERY_MS = 1000
export const PAUSE_POLL_MS = 500
/** How long a worker without a range waits at most before it looks again, in ms. */
export const IDLE_POLL_MS = 500

export function compareSettings(options: CompareOptions): CompareSettings {
  return {
    emit: () => {},
    compared: 'differs',
    except: [],
    mismatchDelayMs: 1000,
    reconnectMs: 60_000,
    stuckMs: 600_000,
    lockTimeoutMs: 200,
    leaseMs: 30_000,
    limits: SERVO_LIMITS,
    pulse: () => {},
    ...options,
    signal: options.signal,
  }
}

export function backfillSettings(options: BackfillOptions): BackfillSettings {
  return {
    workers: 1,
    catchUpPasses: 3,
    whilePaused: 'return',
    wallClock: Date.now,
    ...options,
    ...compareSettings(options),
    pace: { maxRowsPerSecond: null, only: [], throttle: { signals: {} }, ...options.pace },
  }
}

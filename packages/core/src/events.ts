import type { GateCheck } from './gate/gate.js'
import type { BatchTimes } from './journal/batch-times.js'
import type { UnitProgress } from './journal/unit-progress.js'
import type { LockHolder } from './ports/session.js'
import type { UnitId, UnitName, UnitState } from './unit.js'

/** Everything that happens, as data. Progress, logs and metrics listen; nothing below the command line prints. */
export interface EventMap {
  'lock.waiting': { readonly lock: string; readonly holder: LockHolder | undefined; readonly waitedMs: number }
  'lock.acquired': { readonly lock: string; readonly waitedMs: number }
  'unit.started': { readonly unit: UnitId; readonly resumed: boolean; readonly steps: number }
  'unit.changed': { readonly unit: UnitId; readonly state: UnitState; readonly reason?: string }
  'unit.waiting': { readonly unit: UnitId; readonly for: string; readonly ms?: number }
  'step.started': { readonly unit: UnitId; readonly position: number; readonly statement: string }
  'step.retry': {
    readonly unit: UnitId
    readonly position: number
    readonly attempt: number
    readonly pauseMs: number
    readonly reason: string
    readonly holders: readonly LockHolder[]
  }
  'step.done': { readonly unit: UnitId; readonly position: number; readonly ms: number; readonly found: boolean }
  'gate.checked': { readonly unit: UnitId; readonly checks: readonly GateCheck[] }
  'batch.done': {
    readonly unit: UnitId
    readonly rows: number
    readonly ms: number
    readonly size: number
    readonly progress: UnitProgress
  }
  'batch.retry': { readonly unit: UnitId; readonly reason: string; readonly size: number }
  /** The database refuses to change this row; it was recorded, and the backfill goes on behind it. */
  'row.quarantined': { readonly unit: UnitId; readonly key: string; readonly error: string }
  'backfill.waiting': { readonly unit: UnitId; readonly reason: string }
  /** It goes slower (`slow`) or waits (`stop`) for the server's sake; null: it goes on freely. */
  'backfill.throttled': {
    readonly unit: UnitId
    readonly level: 'slow' | 'stop' | null
    readonly reason: string | null
  }
  /** The room of replaced rows was to be made usable again (PostgreSQL: VACUUM), and how that went. */
  'backfill.reclaimed': {
    readonly unit: UnitId
    readonly state: 'done' | 'busy' | 'gave way' | 'not permitted' | 'failed'
    readonly ms: number
    readonly reason?: string
  }
  /** Something that it would look at cannot be told; said once. */
  'backfill.unseen': { readonly unit: UnitId; readonly signal: string; readonly reason: string }
  'backfill.verifying': { readonly unit: UnitId; readonly pass: number; readonly mismatches?: number }
  /** A chunk was compared; `rows` in this comparison so far. */
  'backfill.compared': { readonly unit: UnitId; readonly rows: number; readonly progress: UnitProgress }
  /** This process has stopped working on it, for whatever reason; `batches` are those of all workers so far. */
  'backfill.ended': { readonly unit: UnitId; readonly progress: UnitProgress; readonly batches: BatchTimes }
  /** A daemon has compiled its files and begins; `health` is the address of its endpoint. */
  'worker.started': { readonly migrations: number; readonly pollMs: number; readonly health: string | null }
  /** The database answers and the journal can be read: at first, and again after an outage. */
  'worker.connected': { readonly database: string; readonly server: string }
  /** Nothing to do; said when that begins and when what it leaves alone, or why, is another. */
  'worker.idle': { readonly left: readonly { readonly unit: UnitName; readonly reason: string }[] }
  /** An attempt at this unit failed, and it goes on with others; without a unit: a whole round did, and comes again after `retryMs`. */
  'worker.failed': {
    readonly unit?: UnitId
    readonly code: string | null
    readonly reason: string
    readonly retryMs?: number
  }
  'worker.stopping': { readonly reason: string }
  'worker.stopped': { readonly applied: number; readonly failed: number }
  'serve.started': { readonly url: string; readonly readOnly: boolean }
  /** Somebody with a token did something over HTTP. */
  'serve.acted': { readonly action: string; readonly by: string; readonly token: string; readonly path: string }
  'connection.lost': { readonly reason: string; readonly attempt: number }
}

export type PhasegateEvent = { [K in keyof EventMap]: { readonly type: K } & EventMap[K] }[keyof EventMap]

/** Where events go. Must not throw and must not block. */
export type Emit = (event: PhasegateEvent) => void

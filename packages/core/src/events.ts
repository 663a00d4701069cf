import type { Leftovers } from './engine/engine-run.js'
import type { EngineName } from './engine/engine-task.js'
import type { GateCheck } from './gate/gate.js'
import type { BatchTimes } from './journal/batch-times.js'
import type { UnitProgress } from './journal/unit-progress.js'
import type { LockHolder } from './ports/session.js'
import { type UnitId, type UnitName, type UnitState, unitName } from './unit.js'

/** What an engine's events say of it; without a unit it works outside of any migration. */
interface EngineEvent {
  readonly unit?: UnitId
  readonly engine: EngineName
  readonly table: string
}

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
  /** An engine begins on a table, goes on where it had been, or was found at work by whoever came next. */
  'engine.started': EngineEvent & {
    readonly version: string
    readonly how: 'new' | 'resumed' | 'taken up'
    readonly pid: number
  }
  'engine.progress': EngineEvent & { readonly progress: UnitProgress }
  /** It waits: for a gate before its cut-over, for a lock, for a person, for the server to calm down. */
  'engine.waiting': EngineEvent & { readonly reason: string }
  /** The tool is gone; what it left was taken away. */
  'engine.removed': EngineEvent & { readonly leftovers: Leftovers }
  /** We stop, the tool goes on by itself. `holds`: it waits with its swap; else it swaps when it is done. */
  'engine.left': EngineEvent & { readonly pid: number; readonly holds: boolean }
  /** The table was swapped or written anew, and the catalog shows it. */
  'engine.done': EngineEvent & { readonly ms: number }
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

/** Whom an event is about: its unit, or the table that an engine works on outside of any; undefined: the process itself. */
export function subjectOfEvent(event: PhasegateEvent): string | undefined {
  const { unit, table } = event as { readonly unit?: UnitId; readonly table?: string }
  return unit === undefined ? table : unitName(unit)
}

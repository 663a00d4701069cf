import type { EngineProgress } from '../engine/engine-progress.js'
import type { EngineRun } from '../engine/engine-run.js'
import type { EngineName, EngineTask } from '../engine/engine-task.js'
import type { UnitId } from '../unit.js'
import type { EngineTable } from './engine-target.js'
import type { Session } from './session.js'

/** Who executes a task on the table as it is now, and why, in words that `plan` shows. */
export interface EngineChoice {
  readonly engine: 'native' | EngineName
  readonly reason: string
}

/** What persons have asked of a run: by its unit, or of everything. */
export interface EngineOrder {
  readonly action: 'go on' | 'pause' | 'cancel'
  /** Who or what says so, in words. */
  readonly reason: string
}

/** What a run would meet. */
export interface EngineCheck {
  readonly table: EngineTable
  readonly tool: { readonly path: string; readonly version: string; readonly features: ReadonlySet<string> }
  /** On the server's disk, at its peak. */
  readonly bytesNeeded: number
  /** Null: it cannot be told. */
  readonly bytesFree: number | null
  /** Why it would be refused, each with the way out; empty: it would start. */
  readonly reasons: readonly string[]
  /** What it will feel although it may start. */
  readonly remarks: readonly string[]
}

export interface EngineRequest {
  /** Null: outside of any migration. */
  readonly unit: UnitId | null
  readonly task: EngineTask
  readonly engine: EngineName
  /** What an earlier run has left in the journal; null: nothing. */
  readonly run: EngineRun | null
  /** Asks the catalog whether the change is there; absent: only the table's mark tells. */
  readonly happened?: (session: Session) => Promise<boolean>
  /** Keeps the run where the next supervisor finds it; null: nothing of it is left. */
  readonly record: (session: Session, run: EngineRun | null) => Promise<void>
  /**
   * The change is there, and nothing of the run is left: keeps both in one go. A next supervisor would else take the task for
   * one that nobody has begun.
   */
  readonly finish: (session: Session) => Promise<void>
  /** Told of the session that supervises from now on: at first, and again after a lost connection. It holds the table's lock. */
  readonly attach: (session: Session) => Promise<void>
  /** Tells how far it is, and hears what is asked of it. */
  readonly report: (session: Session, progress: EngineProgress) => Promise<EngineOrder>
  /**
   * Asked when the cut-over is held, and before the start of a tool that cannot hold it. Undefined: now; a text: why not, and
   * the tool is left at work.
   */
  readonly mayCutOver: () => Promise<string | undefined>
}

export type EngineOutcome =
  | { readonly state: 'done' }
  /** Copied, kept equal by the tool or its triggers, not swapped. */
  | { readonly state: 'held'; readonly reason: string }
  /** A person has ended it; nothing of it is left. */
  | { readonly state: 'cancelled'; readonly reason: string }
  /** Another process supervises it, or another machine has its tool. */
  | { readonly state: 'busy'; readonly owner: string }

/** Hands tables to engines and supervises them, whoever began. */
export interface EngineDesk {
  /**
   * @throws `ENGINE.NONE` where the server would keep writers waiting and no engine can take it, with the reason of each;
   *   `ENGINE.UNSUPPORTED` where the one that is asked for does not work on this kind of database
   */
  choose(session: Session, task: EngineTask): Promise<EngineChoice>
  /**
   * What `run` would ask before it starts the tool. Starts nothing and changes nothing.
   *
   * @throws `ENGINE.UNSUPPORTED`, `ENGINE.NO_TABLE`, `ENGINE.MISSING`, `ENGINE.TOO_OLD`
   */
  check(session: Session, task: EngineTask, engine: EngineName): Promise<EngineCheck>
  /**
   * Takes a task to its end, or takes up what an earlier process began. When the signal is aborted the tool is left at
   * work, since it never swaps by itself, and the signal's reason is thrown.
   *
   * @throws `ENGINE.REFUSED`, `ENGINE.LEFTOVERS`, `ENGINE.FAILED`, `ENGINE.MISSING`, `ENGINE.TOO_OLD`, `ENGINE.NO_TABLE`
   */
  run(request: EngineRequest): Promise<EngineOutcome>
  /** The tool of this run was on this machine and is gone: where it held its cut-over, nothing keeps the copy equal any more. */
  isLost(run: EngineRun): Promise<boolean>
  /**
   * Stops the tool of a run wherever it stands before its swap, and removes everything that it left.
   *
   * @throws `ENGINE.BUSY` where another process supervises it, `ENGINE.ELSEWHERE` where its tool is on another machine
   */
  abandon(request: Pick<EngineRequest, 'task' | 'run' | 'record'>): Promise<void>
}

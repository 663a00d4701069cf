import type {
  Clock,
  EngineName,
  EngineProgress,
  EngineRequirement,
  EngineRun,
  EngineTable,
  EngineTarget,
  EngineTask,
  Leftovers,
  Session,
  TransactionOptions,
} from '@phasegate/core'
import type { RunFiles } from './run-files.js'

/** A tool as it was found on this machine. */
export interface Tool {
  readonly path: string
  /** As it reports itself: `1.1.10`, `3.2.1`; `unversioned` where a build has none. */
  readonly version: string
  /** What this version can do beyond the oldest supported; each engine has its own words. */
  readonly features: ReadonlySet<string>
}

/** Settings of one engine: `engines: { 'gh-ost': { … } }`. */
export interface ToolSettings {
  /** Where the tool is; default: found on PATH. */
  readonly path?: string
  /** Added to its arguments as they stand, for what Phasegate has no setting for. Those that it gives itself are refused. */
  readonly arguments?: readonly string[]
}

/** Everything that a run of an engine concerns. */
export interface Job {
  readonly task: EngineTask
  /** As it was found a moment ago: before the swap, or behind it. */
  readonly table: EngineTable
  readonly target: EngineTarget
  /** The supervisor's own: never in a transaction when an engine gets it. */
  readonly session: Session
  readonly tool: Tool
  readonly run: EngineRun
  readonly files: RunFiles
  readonly settings: ToolSettings
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** How a tool is started. A secret is never part of it. */
export interface Command {
  readonly arguments: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** How a tool's process ended; both null: nobody saw it. */
export interface Ending {
  readonly code: number | null
  readonly signal: string | null
}

/** A swap in whose moment writes of others may have gone to the table before it alone. */
export interface UnprovenSwap {
  /** Name of that table, which is not removed. */
  readonly kept: string
  /** A query for the rows in which the two differ, for a person. */
  readonly differing: string
}

/** What is known of a tool from all that it has written. Lines come one at a time; nothing is held but the last ones. */
export interface OutputReader {
  take(line: string, stream: 'stdout' | 'stderr'): void
  /** As of the last line. */
  progress(): EngineProgress
  /** The lines that say why it failed, for an error; empty where none does. */
  failure(): readonly string[]
}

/**
 * One tool. It says how the tool is called, read and stopped; the supervisor decides when. Everything that it does may be
 * done twice: whoever takes over does not know what the one before was about to do.
 */
export interface Engine {
  readonly name: EngineName
  readonly requirements: readonly EngineRequirement[]

  /** Finds the tool and what it can do. @throws `ENGINE.MISSING`, `ENGINE.TOO_OLD`, each with how to get it */
  probe(settings: ToolSettings): Promise<Tool>
  /** Why it may not do this to this table, each reason with the way out; by what is known without asking the tool. */
  refuses(task: EngineTask, table: EngineTable, tool: Tool): readonly string[]
  /** What it cannot do on this table, each with why, for a person. */
  cannot(table: EngineTable): { readonly hold?: string; readonly pause?: string; readonly pace?: string }
  /** What else must hold before it starts, asked of the server: versions that must match, another run of the same tool. */
  preflight?(job: Omit<Job, 'run' | 'files'>): Promise<readonly string[]>
  /** Bytes of disk that it takes at its peak, where the server can say how many are free. */
  diskNeeded(table: EngineTable): number
  /** Names of everything that a run on this table may leave in the database. */
  leftovers(table: EngineTable): Leftovers

  /**
   * Writes the files that the tool wants and says how it is called. `resumes`: to go on where the last one was killed, for which it
   * may take back what that one left half done, under these limits; a lock timeout comes again.
   */
  command(job: Job, resumes: boolean, limits: TransactionOptions): Promise<Command>
  reader(job: Job): OutputReader
  /** What the tool says when it is asked now, where it can be; else what it wrote last. Undefined: no answer. */
  ask?(job: Job): Promise<EngineProgress | undefined>
  /**
   * What the end of the process means. `held`: the copy is complete and kept equal without the tool, and the swap is left
   * to us. `swapped` is believed only when the catalog says the same.
   */
  judge(job: Job, ending: Ending, reader: OutputReader): 'held' | 'swapped' | 'failed'

  /** Each takes effect within seconds; a tool that does not answer is no error here, the supervisor sees it. */
  pause(job: Job): Promise<void>
  resume(job: Job): Promise<void>
  /** How much of its time it rests: 0 not at all, 1 as long as it works. */
  pace?(job: Job, rest: number): Promise<void>
  /**
   * Lets the cut-over happen that was held back: asks the tool for it, or does it by `target.swap` under these limits, a
   * lock timeout of which comes again.
   */
  release(job: Job, limits: TransactionOptions): Promise<void>
  /** Asks the tool to end, the way that leaves least behind. The supervisor kills what does not listen. */
  stop(job: Job): Promise<void>
  /** After the tool is gone: can another run go on from where it was? */
  canResume?(job: Job): Promise<boolean>
  /** After a swap of the tool's own: undefined where no write of others can be missing in the table that stands there now. */
  unprovenSwap?(job: Job): Promise<UnprovenSwap | undefined>
  /**
   * After the tool is gone: removes from the database what it left, but what `unprovenSwap` keeps, and what it would have to be
   * asked of where a swap comes through meanwhile. What stands in the place of the table is not touched.
   */
  cleanUp(job: Job, limits: TransactionOptions, unproven?: UnprovenSwap): Promise<void>
}

import type { AppUsesDeclaration } from '../authoring/app-uses.js'
import type { RunFunction } from '../authoring/operation.js'
import type { EngineTask } from '../engine/engine-task.js'
import type { SourceLocation } from '../error/phasegate-error.js'
import type { Gate } from '../gate/gate.js'
import type { ThrottleSettings, TimeWindow } from '../pace/throttle-settings.js'
import type { Phase } from '../phase.js'
import type { UnitId } from '../unit.js'
import type { BackfillForm } from './backfill-form.js'
import type { StatementFacts } from './statement-facts.js'

/** A finding that the author accepted. */
export interface AllowedFinding {
  readonly rule: string
  readonly reason: string
}

/**
 * How the runner executes a step.
 * - `transaction`: a transaction of its own, its journal row in it; steps with the same `group` share one.
 * - `alone`: cannot be in a transaction; journalled before and after; `probe` tells on resume whether it happened.
 */
export interface StepExecution {
  readonly mode: 'transaction' | 'alone'
  /** Steps of one unit that may share one transaction (all on objects which that unit created). */
  readonly group?: number
  /**
   * `short`: lock and statement timeout, retried; `online`: lock timeout only, since the work goes on beside traffic
   * (VALIDATE); `watched`: no timeouts, watched from a second session (CONCURRENTLY).
   */
  readonly timeouts: 'short' | 'online' | 'watched'
  /**
   * Query that returns one text: `done`, `absent` (also for what is simply run again), `invalid` (run `cleanup` first) or
   * `conflict: …`. Asked when a step was under way, to learn what became of it.
   */
  readonly probe?: string
  /**
   * The probe is asked before the first attempt too, and what is there already is taken as it is: the probe compares the
   * whole definition. Without it, what is there before the step ever began is for the server to refuse.
   */
  readonly adopts?: true
  /** Statement that removes what a failed attempt left, run outside a transaction when the probe says `invalid`. */
  readonly cleanup?: string
  /**
   * The statement to run where the server refuses this one as a way that it does not have for it (`not supported`), before
   * it did anything: MySQL's INPLACE where INSTANT cannot be. It works beside traffic, and so without a statement timeout.
   */
  readonly otherwise?: string
  /** Query asked right before a step that runs alone; a text is why it cannot run now, an empty one or no row is nothing to say. */
  readonly precondition?: string
  /** Statements around this one on its session, for a setting that the server takes in no other way. */
  readonly setting?: { readonly on: string; readonly off: string }
  /** The statement is a query whose rows are what is wrong: a row fails the step. */
  readonly mustBeEmpty?: true
  /**
   * The statement is completed from the catalog right before it runs (`Target.completeStatement`): the server wants a
   * part of a definition repeated that no file says.
   */
  readonly fromCatalog?: true
  /** An engine may execute it; who does is decided when it runs, by size and by what is there (`EngineDesk.choose`). */
  readonly engine?: EngineTask
}

/** One statement as it will run, with everything that plan shows and the journal freezes. */
export interface CompiledStep {
  readonly statement: string
  /** What the author wrote: the raw SQL, or `ops.setNotNull(users, email_verified)`. */
  readonly written: string
  readonly origin: 'written' | 'lifted' | 'operation' | 'schema' | 'sync' | 'function'
  readonly where?: SourceLocation
  readonly execution: StepExecution
  readonly facts: StatementFacts
  readonly allows: readonly AllowedFinding[]
  /** Columns or tables whose data is gone afterwards: `users.verified_at`. A step with any is destructive. */
  readonly destroys: readonly string[]
  /** Only for `ops.run`; the statement then names the version. */
  readonly run?: RunFunction['run']
  /**
   * Only in a derived revert: indexes of the expand's steps that this one undoes. Where none of them was begun there is
   * nothing to undo, and what stands under that name is not ours to drop.
   */
  readonly undoes?: readonly number[]
}

/** A backfill as the dialect will run it. Expressions are SQL text. */
export interface CompiledBackfill {
  /** Whose rows it walks over. */
  readonly table: { readonly schema?: string; readonly name: string }
  /** What else is done to a row; undefined: its columns get the expressions of `set`. */
  readonly form?: BackfillForm
  /** Empty where there is a `form`. */
  readonly set: readonly { readonly column: string; readonly expression: string }[]
  readonly where?: string
  /** Columns of the unique index to walk by, in its order. */
  readonly key?: readonly string[]
  readonly batchSize: number
  /** Target time of one batch in ms. */
  readonly batchTime: number
  /** When it may work; absent: as the configuration says. */
  readonly only?: readonly TimeWindow[]
  /** What it looks at, over what the configuration says; false: nothing. */
  readonly throttle?: ThrottleSettings | false
  /** Rows that cannot be changed are recorded and gone past, at most so many; absent: the first one stops the backfill. */
  readonly quarantine?: { readonly limit: number }
  readonly once: boolean
  /**
   * Changing a row twice would be wrong, so that `where` must leave out every row that was changed. A batch after which
   * it still selects one of its rows is rolled back.
   */
  readonly mustEnd?: true
  /** `where` reads a column that is set, or rows that it selects are removed: so it can leave out what is done. */
  readonly whereEnds?: true
  /**
   * Can the result be compared with its expression afterwards? False where an expression reads its own target without a
   * `where`, or an expression or the condition is volatile or reads the clock; the ranges being whole is then the only proof, and plan says so.
   */
  readonly comparable: boolean
  /** Columns that the expressions and the condition read. */
  readonly reads: readonly string[]
  /** The statement as written, or a rendering of the form. */
  readonly written: string
  readonly location?: SourceLocation
}

export interface CompiledUnit {
  readonly id: UnitId
  /** Hash of what was authored, with its format version: `1:sha256…`. */
  readonly fingerprint: string
  /** Empty for a backfill. */
  readonly steps: readonly CompiledStep[]
  readonly backfill?: CompiledBackfill
}

/** How an expand is undone: its steps in order, or why it cannot be. */
export type CompiledRevert =
  | { readonly possible: true; readonly steps: readonly CompiledStep[] }
  | { readonly possible: false; readonly reason: string }

export interface CompiledMigration {
  readonly name: string
  readonly file: string
  readonly format: 'typescript' | 'sql'
  /** Undefined where an SQL file does not say it. */
  readonly appUses: AppUsesDeclaration | undefined
  readonly applications: readonly string[] | undefined
  /** It has a sync, which covers every column of its backfill where it has one. */
  readonly hasSync: boolean
  readonly units: { readonly [phase in Phase]?: CompiledUnit }
  readonly revert: CompiledRevert
  readonly gates: { readonly [phase in Phase | 'revert' | 'cutover']?: readonly Gate[] }
}

/** The units of a migration in phase order. */
export function unitsOf(migration: CompiledMigration): readonly CompiledUnit[] {
  const { expand, backfill, contract } = migration.units
  return [expand, backfill, contract].filter((unit) => unit !== undefined)
}

import type { CompiledStep } from '../compiled/compiled-migration.js'
import { createMadeObjects, type MadeObjects } from '../compiled/made-objects.js'
import type { WantedEngine } from '../engine/engine-task.js'
import type { ParsedStatement, RevertPlan, SqlLanguage } from '../ports/sql-language.js'
import { createNotNullProofs, type NotNullProofs } from './not-null-proofs.js'

/** What a unit's compilation carries from statement to statement. */
export interface UnitScope<S extends ParsedStatement> {
  readonly language: SqlLanguage<S>
  readonly phase: 'expand' | 'contract' | 'revert'
  readonly file: string
  /** What the file says of engines. */
  readonly engine: WantedEngine
  /**
   * What this unit created so far. By the time of contract a table that expand created is in use, and a plain CREATE
   * INDEX would block its writers, so each unit begins anew.
   */
  readonly made: MadeObjects
  /** Names of the tables that this unit created, as lock lists show them. */
  readonly newTables: Set<string>
  /** What earlier statements of the file proved about columns; a constraint outlives its unit. */
  readonly proofs: NotNullProofs
}

/** A step with what grouping, the revert and the default check need to know of it. */
export interface StepDraft<S extends ParsedStatement> {
  readonly step: CompiledStep
  /** The statement as it runs; undefined for a function. */
  readonly parsed: S | undefined
  /** Touches only what this unit created. */
  readonly onlyNew: boolean
}

/** The steps of one thing that was authored, and how it is undone where its operation says so. */
export interface StatementGroup<S extends ParsedStatement> {
  readonly drafts: readonly StepDraft<S>[]
  readonly revert: RevertPlan | undefined
  /** For messages. */
  readonly written: string
}

export function unitScope<S extends ParsedStatement>(
  language: SqlLanguage<S>,
  phase: UnitScope<S>['phase'],
  file: string,
  engine: WantedEngine,
  proofs = createNotNullProofs(),
): UnitScope<S> {
  return { language, phase, file, engine, made: createMadeObjects(), newTables: new Set(), proofs }
}

import type { CompiledStep } from '@phasegate/core'
import { createMadeObjects, type MadeObjects } from '@phasegate/core'
import type { RevertPlan } from '../operations/operation-compiler.js'
import type { ParsedStatement } from '../parse/parse-statements.js'
import { createNotNullProofs, type NotNullProofs } from './not-null-proofs.js'

/** What a unit's compilation carries from statement to statement. */
export interface UnitScope {
  readonly phase: 'expand' | 'contract' | 'revert'
  readonly file: string
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
export interface StepDraft {
  readonly step: CompiledStep
  /** Undefined for a function. */
  readonly parsed: ParsedStatement | undefined
  /** Touches only what this unit created. */
  readonly onlyNew: boolean
}

/** The steps of one thing that was authored, and how it is undone where its operation says so. */
export interface StatementGroup {
  readonly drafts: readonly StepDraft[]
  readonly revert: RevertPlan | undefined
  /** For messages. */
  readonly written: string
}

export function unitScope(phase: UnitScope['phase'], file: string, proofs = createNotNullProofs()): UnitScope {
  return { phase, file, made: createMadeObjects(), newTables: new Set(), proofs }
}

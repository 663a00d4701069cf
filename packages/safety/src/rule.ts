import type { CompiledMigration, CompiledStep, CompiledUnit } from '@phasegate/core'
import type { Finding } from './finding.js'
import type { RuleId } from './rule-table.js'

export interface StepContext {
  readonly migration: CompiledMigration
  readonly unit: CompiledUnit
  readonly step: CompiledStep
  /** Of the step in its unit, from 0. */
  readonly position: number
}

/** What a rule has to say; rule, place and unit are added by `checkMigration`. */
export type Verdict = Pick<Finding, 'severity' | 'message' | 'why' | 'instead'>

/** One question about one step, answered from the facts that the dialect read from the statement. */
export interface Rule {
  readonly id: RuleId
  check(context: StepContext): Verdict | undefined
}

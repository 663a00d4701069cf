import type { CompiledMigration, CompiledStep, CompiledUnit, LockFacts } from '@phasegate/core'
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

/**
 * Rules speak of operations, which every dialect has, and never of a dialect's syntax. What only the dialect knows of the
 * way out stands in the facts of the lock.
 */
export function withDialectsWords(instead: string, lock: LockFacts): string {
  return lock.instead === undefined ? instead : `${instead} ${lock.instead}`
}

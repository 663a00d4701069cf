import type { SourceLocation, UnitId } from '@phasegate/core'
import type { RuleId } from './rule-table.js'

/** What a rule says of one statement. A finding is not an error that was thrown: it is data, and may be accepted. */
export interface Finding {
  readonly rule: RuleId
  /** An `error` keeps the unit from running; a `warning` is shown. */
  readonly severity: 'error' | 'warning'
  /** One sentence: what the statement does. */
  readonly message: string
  /** What would happen to running code or to waiting queries. */
  readonly why: string
  /** The safe way, as text to write. */
  readonly instead: string
  readonly where: SourceLocation
  readonly unit: UnitId
  /** The step in its unit, from 0; undefined where the finding is about the whole unit. */
  readonly position?: number
}

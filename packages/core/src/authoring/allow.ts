import type { Statement } from './migration-definition.js'

/** A statement whose finding the author accepts, with the reason. Plan, status and journal show it. */
export interface Allowed {
  readonly kind: 'allow'
  readonly rule: string
  readonly reason: string
  readonly statement: Exclude<Statement, Allowed> | Allowed
}

/**
 * Accepts a finding of the safety check for one statement. An allow without a reason, or one that matches nothing, is
 * itself a finding.
 *
 * @example
 * allow('TABLE.REWRITE', 'the table has 40 rows', sql`ALTER TABLE plan ALTER COLUMN price TYPE numeric(12,2)`)
 */
export function allow(rule: string, reason: string, statement: Allowed['statement']): Allowed {
  return Object.freeze({ kind: 'allow', rule, reason, statement })
}

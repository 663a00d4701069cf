import { carriesError } from '@phasegate/core'

/**
 * Does the error, or the one that a query builder wrapped in it, carry one of these SQLSTATEs (PostgreSQL docs:
 * Appendix A)?
 */
export function hasSqlState(error: unknown, states: readonly string[]): boolean {
  return carriesError(error, ({ code }) => typeof code === 'string' && states.includes(code))
}

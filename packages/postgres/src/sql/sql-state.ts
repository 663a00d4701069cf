/** Where drivers and mappers keep the error that the server sent. */
const INSIDE = ['cause', 'original', 'parent', 'driverError', 'originalError', 'meta'] as const

/**
 * Does the error, or the one that a query builder wrapped in it, carry one of these SQLSTATEs (PostgreSQL docs:
 * Appendix A)?
 */
export function hasSqlState(error: unknown, states: readonly string[], depth = 4): boolean {
  if (typeof error !== 'object' || error === null || depth === 0) return false
  const fields = error as Readonly<Record<string, unknown>>
  if (typeof fields.code === 'string' && states.includes(fields.code)) return true
  return INSIDE.some((key) => hasSqlState(fields[key], states, depth - 1))
}

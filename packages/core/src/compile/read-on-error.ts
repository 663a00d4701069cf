import type { AuthoredBackfill } from './authored-migration.js'

/** Rows in quarantine that need a person each; more of them are a wrong expression. */
const DEFAULT_LIMIT = 100
const MOST = 500

/**
 * Reads `onError` of a backfill: `'stop'`, `'quarantine'` or `{ quarantine: { limit } }`. No part of the fingerprint: it may
 * be changed while the backfill is under way, which then goes on from where it stopped.
 *
 * @param shape makes the error that is thrown
 * @throws `BACKFILL.SHAPE`
 */
export function readOnError(
  onError: unknown,
  shape: (message: string, next: string) => Error,
): Pick<AuthoredBackfill, 'quarantine'> {
  if (onError === undefined || onError === 'stop') return {}
  if (onError === 'quarantine') return { quarantine: { limit: DEFAULT_LIMIT } }
  const limit = limitOf(onError)
  if (limit === undefined)
    throw shape(
      `backfill.onError is not 'stop', 'quarantine' or { quarantine: { limit } } with a whole number from 1 to ${MOST}.`,
      "Write onError: 'quarantine'.",
    )
  return { quarantine: { limit } }
}

function limitOf(onError: unknown): number | undefined {
  const quarantine = onlyEntry(onError, 'quarantine')
  const limit = onlyEntry(quarantine, 'limit')
  return typeof limit === 'number' && Number.isInteger(limit) && limit >= 1 && limit <= MOST ? limit : undefined
}

/** The value of `name` in an object that has nothing else. */
function onlyEntry(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const entries = Object.entries(value)
  return entries.length === 1 && entries[0]?.[0] === name ? entries[0][1] : undefined
}

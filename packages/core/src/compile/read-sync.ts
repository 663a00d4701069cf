import type { TableName } from '../authoring/operation.js'
import type { Quoting } from '../authoring/sql.js'
import { nearestName } from '../nearest-name.js'
import { tableReference } from '../operations/table-reference.js'
import { badSync } from '../sync/sync-errors.js'
import type { AuthoredSync } from '../sync/sync-plan.js'
import { readExpressions, unknownKey } from './read-expressions.js'
import { withLocation } from './with-location.js'

const OPTIONS = ['table', 'forward', 'backward']

/**
 * Reads `sync` of a TypeScript migration: one, or a list of them.
 *
 * @throws `SYNC.SHAPE`
 */
export function readSync(value: unknown, file: string, quoting: Quoting): readonly AuthoredSync[] {
  if (value === undefined) return []
  return (Array.isArray(value) ? (value as unknown[]) : [value]).map((entry) => readOne(entry, file, quoting))
}

function readOne(value: unknown, file: string, quoting: Quoting): AuthoredSync {
  const where = { file }
  const shape = (message: string, next: string): Error => badSync('SYNC.SHAPE', message, undefined, [next], where)
  if (typeof value !== 'object' || value === null) {
    throw shape('sync is not an object.', "Write sync: { table: 'users', forward: { plan: sql`…` } }.")
  }
  const unknown = unknownKey(value, OPTIONS)
  if (unknown !== undefined) {
    const nearest = nearestName(unknown, OPTIONS)
    throw shape(
      `There is no option '${unknown}' in sync.`,
      nearest === undefined ? `The options are ${OPTIONS.join(', ')}.` : `Did you mean '${nearest}'?`,
    )
  }
  const definition = value as Readonly<Record<string, unknown>>
  const forward = readExpressions(definition.forward, quoting)
  const backward = definition.backward === undefined ? [] : readExpressions(definition.backward, quoting)
  if (forward === undefined || backward === undefined) {
    throw shape(
      `sync.${forward === undefined ? 'forward' : 'backward'} wants an sql\`…\` expression for each column.`,
      'Write { email_verified: sql`verified_at IS NOT NULL` }.',
    )
  }
  const table = withLocation(where, 'sync', () => tableReference(definition.table as TableName, quoting))
  return { table, forward, backward, where }
}

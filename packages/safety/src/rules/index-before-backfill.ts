import { type Change, describeObject } from '@phasegate/core'
import type { Rule } from '../rule.js'

/** PostgreSQL docs: Populating a Database, "Remove Indexes": an index is built faster over rows than kept up with them. */
export const indexBeforeBackfill: Rule = {
  id: 'INDEX.BEFORE_BACKFILL',
  check: ({ migration, unit, step }) => {
    const backfill = migration.units.backfill?.backfill
    if (unit.id.phase !== 'expand' || backfill === undefined) return undefined
    const filled = new Set(backfill.set.map(({ column }) => column))
    const index = step.facts.changes.find(({ action, object }) => action === 'create' && object.type === 'index')
    const column = step.facts.changes.find(
      (change) => isIndexed(change, backfill.table) && filled.has(change.object.name),
    )
    if (index === undefined || column === undefined) return undefined
    return {
      severity: 'warning',
      message: `${index.what} puts ${describeObject(index.object)} on ${describeObject(column.object)}, which the backfill of this migration fills.`,
      why: 'Each row that the backfill changes then writes to this index too: it is slower, and the index ends up bigger than one that is built over filled rows.',
      instead:
        'Create the index when the rows are filled: in the expand of a later migration, or, if only the new code needs it, in this contract. Both build it beside traffic.',
    }
  },
}

function isIndexed(
  { action, object, what }: Change,
  table: { readonly schema?: string; readonly name: string },
): boolean {
  if (action !== 'read' || what !== 'used by index' || object.type !== 'column' || object.table !== table.name)
    return false
  // A schema that is not said may be any.
  return object.schema === undefined || table.schema === undefined || object.schema === table.schema
}

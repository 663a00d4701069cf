import type { StatementFacts } from '../compiled/statement-facts.js'

/** Kinds of objects that hold data or that queries name. */
const HOLDS_DATA: ReadonlySet<string> = new Set([
  'table',
  'column',
  'schema',
  'view',
  'type',
  'sequence',
  'function',
  'other',
])

/** What is gone after a statement: `users.verified_at`, `invoice`. A dropped trigger or index takes no data with it. */
export function destroyedBy(facts: StatementFacts): readonly string[] {
  const names = facts.changes
    .filter(({ destroys, object }) => destroys && HOLDS_DATA.has(object.type))
    .map(({ object }) =>
      [object.schema, object.table, object.name].filter((part) => part !== undefined && part !== '').join('.'),
    )
  return [...new Set(names)]
}

import type { EngineTable, EngineTask } from '@phasegate/core'

/** Schemas whose tables it does not see (its view `repack.tables`), and its own. */
const CLOSED = ['pg_catalog', 'information_schema', 'repack']

/** Why pg_repack may not do this to this table, each with the way out; known without asking it or the server. */
export function refusals({ alter }: Pick<EngineTask, 'alter'>, table: EngineTable): readonly string[] {
  const name = `${table.schema}.${table.name}`
  return [
    ...(alter === ''
      ? []
      : ['pg_repack writes a table anew as it is and changes nothing: write the change as expand and contract.']),
    ...storageProblem(table, name),
    ...(table.keys.length === 0
      ? [
          `${name} has no key that pg_repack can replay changes by: give it a primary key, or a valid unique index, not partial and without expressions, on columns that are NOT NULL.`,
        ]
      : []),
    ...(CLOSED.includes(table.schema) ? [`pg_repack takes no table of schema ${table.schema}.`] : []),
    ...(table.columns.length === 0 ? [`${name} has no columns.`] : []),
  ]
}

function storageProblem({ storage }: EngineTable, name: string): readonly string[] {
  switch (storage) {
    case 'heap':
      return []
    case 'partitioned':
      return [`${name} is partitioned and holds no rows itself: repack its partitions, each by its name.`]
    case 'unlogged':
      return [
        `${name} is unlogged, which pg_repack does not see: ALTER TABLE ${name} SET LOGGED; or VACUUM FULL in a quiet hour.`,
      ]
    case 'temporary':
      return [`${name} is temporary, and only its own session sees it.`]
    default:
      return [`${name} is stored by the access method ${storage}, which pg_repack does not know: it takes heap.`]
  }
}

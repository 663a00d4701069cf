import { type Lifted, type QualifiedName, tableNameOf } from '@phasegate/core'
import type { IndexDefinition } from './statement-tree.js'

/**
 * ADD INDEX, ADD UNIQUE and CREATE INDEX on plain columns. What the operation cannot carry (a prefix, a descending key, an
 * expression, FULLTEXT, INVISIBLE, USING, a comment) stays SQL.
 *
 * @param constraint `ADD UNIQUE` and `ADD CONSTRAINT … UNIQUE`; `CREATE UNIQUE INDEX` is an index
 */
export function liftIndex(table: QualifiedName, index: IndexDefinition, constraint: boolean): Lifted | undefined {
  const { kind, keys, name, options, using } = index
  const carried =
    (kind === 'index' || kind === 'unique') &&
    options === '' &&
    using === undefined &&
    keys.every(({ column, length, descending }) => column !== undefined && length === undefined && !descending)
  if (!carried) return undefined
  const columns = index.columns.filter((column) => column !== undefined)
  const named = name === undefined ? {} : { name }
  if (kind === 'unique' && constraint) {
    return { operation: { kind: 'addUnique', table: tableNameOf(table), columns, ...named } }
  }
  const unique = kind === 'unique' ? { unique: true } : {}
  return { operation: { kind: 'createIndex', table: tableNameOf(table), columns, ...named, ...unique } }
}

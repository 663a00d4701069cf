import { objectName, type QualifiedName, shortHash } from '@phasegate/core'
import { MAX_IDENTIFIER_LENGTH } from '../quoting.js'
import type { IndexDefinition } from './statement-tree.js'

/**
 * The name of an index that its author did not name: the server would choose the next free one on each attempt, and a
 * resumed run would not find what an earlier one built.
 */
export function indexName(table: QualifiedName, index: IndexDefinition): string {
  if (index.name !== undefined) return index.name
  const keys = index.keys.map(({ column, text }) => column ?? `expr_${shortHash(text)}`)
  return objectName([table.name, ...keys], index.kind === 'unique' ? 'key' : 'idx', MAX_IDENTIFIER_LENGTH)
}

import { partOf, type QualifiedName } from '@phasegate/core'
import { readQuery } from '../read-query.js'
import { readTokens } from '../tokens.js'
import type { FactsDraft } from './facts-draft.js'

/** The columns that an expression names, each once; `*` for a whole row. */
export function columnsOf(expression: string): readonly string[] {
  return readQuery(readTokens(expression, '')).columns
}

/**
 * Says that a statement needs these columns of a table, so that a unit which still has to create them is found. A table
 * without any named column is read as a whole.
 */
export function readsColumns(draft: FactsDraft, table: QualifiedName, columns: readonly string[], what: string): void {
  const onNew = draft.made.hasTable(table)
  if (columns.length === 0 || columns.includes('*')) {
    draft.change({ action: 'read', object: { type: 'table', ...table }, what, onNew })
    return
  }
  for (const column of columns) {
    const object = partOf(table, 'column', column)
    draft.change({ action: 'read', object, what, onNew, onNewColumn: draft.made.hasColumn(table, column) })
  }
}

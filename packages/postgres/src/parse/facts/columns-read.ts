import { partOf, type QualifiedName } from '@phasegate/core'
import type { Node } from 'libpg-query'
import { strings } from '../names.js'
import { walkAst } from '../walk-ast.js'
import type { FactsDraft } from './facts-draft.js'

/** The columns that an expression names, each once; `*` for a whole row. */
export function columnsOf(expression: unknown): string[] {
  const columns = new Set<string>()
  walkAst(expression, (value, key) => {
    if (key !== 'ColumnRef') return
    const fields = (value.fields ?? []) as Node[]
    const last = fields.at(-1)
    if (last === undefined) return
    if ('A_Star' in last) columns.add('*')
    else columns.add(strings([last])[0] ?? '')
  })
  columns.delete('')
  return [...columns]
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

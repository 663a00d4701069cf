import { partOf, type QualifiedName } from '@phasegate/core'
import { defaultCheckName, defaultForeignKeyName, indexOf } from '../default-names.js'
import type { ColumnDefinition } from '../statement-tree.js'
import { readsColumns } from './columns-read.js'
import type { FactsDraft } from './facts-draft.js'

/** Does the column have a value where an INSERT does not mention it? */
export function isFilled(column: ColumnDefinition): boolean {
  const fallback = column.default !== undefined && !/^null$/i.test(column.default)
  return fallback || column.autoIncrement || column.generated !== undefined
}

/** ADD COLUMN, with the constraints that stand beside it. What it locks is read from the whole statement. */
export function readAddColumn(
  draft: FactsDraft,
  table: QualifiedName,
  column: ColumnDefinition,
  ifNotExists: boolean,
): void {
  const filled = isFilled(column)
  const onNew = draft.made.hasTable(table)
  draft.change({
    action: 'create',
    object: partOf(table, 'column', column.name),
    what: `add column${filled ? ' with default' : ''}${ifNotExists ? ' if not exists' : ''}`,
    // Writes of the old code leave the column out, which strict SQL mode rejects.
    tightens: column.notNull && !filled,
    onNew,
  })
  if (column.unique || column.primary) {
    draft.change({
      action: 'create',
      object: column.primary ? partOf(table, 'constraint', 'PRIMARY') : indexOf(table, column.name),
      what: column.primary ? 'add primary key' : 'create unique index',
      tightens: true,
      onNew,
      onNewColumn: true,
      concurrently: true,
    })
  }
  for (const part of column.parts) {
    if (part.kind === 'check') {
      const object = partOf(table, 'constraint', part.check.name ?? defaultCheckName(table))
      const what = part.check.enforced ? 'add check' : 'add check not enforced'
      draft.change({ action: 'create', object, what, tightens: part.check.enforced, onNew, onNewColumn: true })
    }
    if (part.kind === 'references' && draft.can.inlineReferences) {
      const { foreignKey } = part
      const object = partOf(table, 'constraint', foreignKey.name ?? defaultForeignKeyName(table))
      draft.change({ action: 'create', object, what: 'add foreign key', tightens: true, onNew, onNewColumn: true })
      readsColumns(draft, foreignKey.references, foreignKey.referencedColumns, 'referenced by foreign key')
    }
  }
}

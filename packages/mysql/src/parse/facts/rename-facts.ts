import type { DatabaseObject, QualifiedName } from '@phasegate/core'
import type { FactsDraft } from './facts-draft.js'

/** A new name: the old one is gone for the code that still uses it. An index has no such users. */
export function readRenamed(draft: FactsDraft, object: DatabaseObject, to: QualifiedName, table: QualifiedName): void {
  const onNew = draft.made.hasTable(table)
  const isColumn = object.type === 'column'
  const onNewColumn = isColumn && draft.made.hasColumn(table, object.name)
  draft.change({
    action: 'rename',
    object,
    what: `rename ${object.type}`,
    destroys: object.type !== 'index',
    onNew,
    ...(isColumn ? { onNewColumn } : {}),
  })
  draft.change({
    action: 'create',
    object: { ...object, ...to },
    what: `take the name of ${object.name}`,
    onNew: onNew || onNewColumn,
  })
}

/** RENAME TABLE a TO b, c TO d; both names are locked for an instant. */
export function readRenameTables(
  draft: FactsDraft,
  renames: readonly { readonly from: QualifiedName; readonly to: QualifiedName }[],
): void {
  for (const { from, to } of renames) {
    readRenamed(draft, { type: 'table', ...from }, to, from)
    draft.lock('EXCLUSIVE', from)
  }
}

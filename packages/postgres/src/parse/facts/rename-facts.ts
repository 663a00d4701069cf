import { type DatabaseObject, dottedName, partOf, type QualifiedName, qualified } from '@phasegate/core'
import type { AlterObjectSchemaStmt, RenameStmt } from 'libpg-query'
import { namePartsOf, relationName } from '../names.js'
import { kindName, objectType } from './drop-facts.js'
import type { FactsDraft } from './facts-draft.js'

/** Names that only DDL mentions; statements of applications go on when they change. */
const UNSEEN: readonly DatabaseObject['type'][] = ['index', 'constraint', 'trigger']

/** RENAME of anything: the old name is gone for the code that still uses it. */
export function readRename(draft: FactsDraft, statement: RenameStmt): void {
  const relation = relationName(statement.relation)
  const newName = statement.newname ?? ''
  const object = renamed(statement, relation)
  const onNew = draft.made.hasTable(relation)
  const onNewColumn = object.type === 'column' && draft.made.hasColumn(relation, object.name)
  const shared = { onNew, ...(object.type === 'column' ? { onNewColumn } : {}) }
  draft.change({
    action: 'rename',
    object,
    what: `rename ${kindName(statement.renameType)}`,
    destroys: !UNSEEN.includes(object.type),
    ...shared,
  })
  draft.change({
    action: 'create',
    object: { ...object, name: newName },
    what: `take the name of ${object.name}`,
    onNew: onNew || onNewColumn,
  })
  if (statement.relation === undefined) return
  // ALTER INDEX … RENAME needs only SHARE UPDATE EXCLUSIVE since PostgreSQL 12 (docs: ALTER INDEX).
  draft.lock(statement.renameType === 'OBJECT_INDEX' ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE', relation)
}

function renamed(statement: RenameStmt, relation: QualifiedName): DatabaseObject {
  const part = statement.subname ?? ''
  switch (statement.renameType) {
    case 'OBJECT_COLUMN':
      return partOf(relation, 'column', part)
    case 'OBJECT_TABCONSTRAINT':
      return partOf(relation, 'constraint', part)
    case 'OBJECT_TRIGGER':
      return partOf(relation, 'trigger', part)
    case 'OBJECT_SCHEMA':
      return { type: 'schema', name: part }
    default:
      if (statement.relation !== undefined && statement.subname === undefined) {
        return { type: objectType(statement.renameType), ...relation }
      }
      if (statement.relation !== undefined) return { ...partOf(relation, 'constraint', part), type: 'other' }
      return { type: objectType(statement.renameType), ...dottedName(namePartsOf(statement.object)) }
  }
}

/** SET SCHEMA is a rename: code that names the schema, or whose search path lacks the new one, does not find it. */
export function readSetSchema(draft: FactsDraft, statement: AlterObjectSchemaStmt): void {
  const name =
    statement.relation === undefined ? dottedName(namePartsOf(statement.object)) : relationName(statement.relation)
  const type = objectType(statement.objectType)
  const onNew = draft.made.hasObject(type, name)
  draft.change({ action: 'rename', object: { type, ...name }, what: 'set schema', destroys: true, onNew })
  draft.change({
    action: 'create',
    object: { type, ...qualified(statement.newschema, name.name) },
    what: `take the name of ${name.name}`,
    onNew,
  })
  if (statement.relation !== undefined) draft.lock('ACCESS EXCLUSIVE', name)
}

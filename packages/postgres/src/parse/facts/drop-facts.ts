import { type DatabaseObject, dottedName, partOf, type QualifiedName, qualified } from '@phasegate/core'
import type { DropStmt, ObjectType, TruncateStmt } from 'libpg-query'
import { namePartsOf, relationName } from '../names.js'
import type { FactsDraft } from './facts-draft.js'

const TYPES: Partial<Record<ObjectType, DatabaseObject['type']>> = {
  OBJECT_TABLE: 'table',
  OBJECT_FOREIGN_TABLE: 'table',
  OBJECT_INDEX: 'index',
  OBJECT_VIEW: 'view',
  OBJECT_MATVIEW: 'view',
  OBJECT_SEQUENCE: 'sequence',
  OBJECT_TYPE: 'type',
  OBJECT_DOMAIN: 'type',
  OBJECT_FUNCTION: 'function',
  OBJECT_PROCEDURE: 'function',
  OBJECT_ROUTINE: 'function',
  OBJECT_AGGREGATE: 'function',
  OBJECT_SCHEMA: 'schema',
  OBJECT_TRIGGER: 'trigger',
}

/** Kinds whose last name part is theirs, the parts before it the table's. */
const ON_TABLE: readonly (ObjectType | undefined)[] = ['OBJECT_TRIGGER', 'OBJECT_RULE', 'OBJECT_POLICY']
const RELATIONS: readonly (DatabaseObject['type'] | undefined)[] = ['table', 'index', 'view', 'sequence']

/** What kind of thing a statement names, in the words of the plan. */
export function kindName(type: ObjectType | undefined): string {
  return (type ?? 'object')
    .replace(/^OBJECT_(TAB(?=CONSTRAINT))?/, '')
    .replaceAll('_', ' ')
    .replace('MATVIEW', 'materialized view')
    .toLowerCase()
}

export function objectType(type: ObjectType | undefined): DatabaseObject['type'] {
  return (type === undefined ? undefined : TYPES[type]) ?? 'other'
}

/** DROP of anything. Relations take ACCESS EXCLUSIVE, a trigger, rule or policy takes it on its table. */
export function readDrop(draft: FactsDraft, statement: DropStmt): void {
  const cascade = statement.behavior === 'DROP_CASCADE'
  const concurrently = statement.concurrent === true
  const type = objectType(statement.removeType)
  for (const node of statement.objects ?? []) {
    const parts = namePartsOf(node)
    const table = ON_TABLE.includes(statement.removeType) ? dottedName(parts.slice(0, -1)) : undefined
    const name = dottedName(parts)
    draft.change({
      action: 'drop',
      object: table === undefined ? { type, ...name } : partOfTable(table, type, parts.at(-1) ?? ''),
      what: `drop ${kindName(statement.removeType)}${cascade ? ' cascade' : ''}`,
      destroys: true,
      onNew: isNew(draft, type, name, table),
      ...(concurrently ? { concurrently } : {}),
    })
    if (table !== undefined) draft.lock('ACCESS EXCLUSIVE', table)
    else if (concurrently) draft.lock('SHARE UPDATE EXCLUSIVE', name, 'scan')
    else if (RELATIONS.includes(type) && !isNew(draft, type, name, table)) draft.lock('ACCESS EXCLUSIVE', name)
  }
  if (concurrently) draft.cannotShareTransaction()
  // What hangs on the object is dropped with it, columns and foreign keys of tables that are not named here.
  const holdsOthers = cascade && !concurrently
  if (holdsOthers || statement.removeType === 'OBJECT_SCHEMA') draft.lockUnnamed('ACCESS EXCLUSIVE', 'instant')
}

function partOfTable(table: QualifiedName, type: DatabaseObject['type'], name: string): DatabaseObject {
  return type === 'trigger' ? partOf(table, 'trigger', name) : { ...partOf(table, 'trigger', name), type: 'other' }
}

function isNew(draft: FactsDraft, type: DatabaseObject['type'], name: QualifiedName, table?: QualifiedName): boolean {
  if (table !== undefined) return draft.made.hasTable(table)
  return type === 'index' ? draft.made.hasIndex(name) : draft.made.hasObject(type, name)
}

export function readTruncate(draft: FactsDraft, statement: TruncateStmt): void {
  const cascade = statement.behavior === 'DROP_CASCADE'
  for (const node of statement.relations ?? []) {
    if (!('RangeVar' in node)) continue
    const table = relationName(node.RangeVar)
    draft.change({
      action: 'write',
      object: { type: 'table', ...qualified(table.schema, table.name) },
      what: cascade ? 'truncate cascade' : 'truncate',
      destroys: true,
      onNew: draft.made.hasTable(table),
    })
    draft.lock('ACCESS EXCLUSIVE', table)
  }
  if (cascade) draft.lockUnnamed('ACCESS EXCLUSIVE', 'instant')
}

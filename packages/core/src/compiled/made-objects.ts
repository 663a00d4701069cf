import type { DatabaseObject, QualifiedName } from './database-object.js'
import type { Change } from './statement-facts.js'

/**
 * What earlier statements of the same file created. "Existed before" means: not created in this file; it never depends on
 * what a catalog happens to hold. Names count as they were written, so `app.users` and `users` are two. What was created
 * `if not exists` is not counted, since it may have been there for years.
 */
export interface MadeObjects {
  /** Takes in what a statement does; call it after the facts of that statement were read. */
  record(changes: readonly Change[]): void
  hasTable(table: QualifiedName): boolean
  hasColumn(table: QualifiedName, column: string): boolean
  /** Does the column, created in this file, get a value where an INSERT does not mention it? */
  columnHasDefault(table: QualifiedName, column: string): boolean
  /** An index on a table that was created in this file. */
  hasIndex(index: QualifiedName): boolean
  hasObject(type: DatabaseObject['type'], name: QualifiedName): boolean
  /** The very same thing, a constraint of the same table for one. */
  has(object: DatabaseObject): boolean
  /** A domain, whose constraints make every new column of it a rewrite. */
  hasDomain(type: QualifiedName): boolean
}

export function createMadeObjects(): MadeObjects {
  const made = new Map<string, Change>()
  const withDefault = new Set<string>()
  const drop = (object: DatabaseObject): void => {
    for (const [key, change] of made) {
      if (key === keyOf(object) || (object.type === 'table' && isPartOf(change.object, object))) made.delete(key)
    }
  }
  return {
    record: (changes) => {
      for (const change of changes) {
        const key = keyOf(change.object)
        if (change.action === 'create' && counts(change)) made.set(key, change)
        if (change.action === 'drop' || change.action === 'rename') drop(change.object)
        if (change.what === 'set default' || (change.action === 'create' && change.what.includes('default'))) {
          withDefault.add(key)
        }
        if (change.what === 'drop default') withDefault.delete(key)
      }
    },
    hasTable: (table) => made.has(keyOf({ type: 'table', ...table })),
    hasColumn: (table, column) => made.has(columnKey(table, column)),
    columnHasDefault: (table, column) => withDefault.has(columnKey(table, column)),
    hasIndex: (index) => made.get(keyOf({ type: 'index', ...index }))?.onNew === true,
    hasObject: (type, name) => made.has(keyOf({ type, ...name })),
    has: (object) => made.has(keyOf(object)),
    hasDomain: (type) => made.get(keyOf({ type: 'type', ...type }))?.what === 'create domain',
  }
}

function counts(change: Change): boolean {
  if (change.what.endsWith('if not exists') || change.what.startsWith('create or replace')) return false
  return !change.what.startsWith('take the name') || change.onNew
}

function columnKey(table: QualifiedName, column: string): string {
  return keyOf({ type: 'column', ...table, table: table.name, name: column })
}

function keyOf(object: DatabaseObject): string {
  return JSON.stringify([object.type, object.schema ?? null, object.table ?? null, object.name])
}

function isPartOf(part: DatabaseObject, table: DatabaseObject): boolean {
  return part.table === table.name && part.schema === table.schema
}

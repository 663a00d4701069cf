import { type Change, type DatabaseObject, inSchemaOf, type QualifiedName, quoteTable } from '@phasegate/core'
import { mysqlQuoting, quoteName } from '../quoting.js'

/**
 * What takes away a created object, doing nothing where it was never created: see `mayBeGone` of step-execution.ts for
 * columns, indexes and constraints. Undefined where that is not known.
 */
export function dropOf({ object, what }: Change): string | undefined {
  if (what.endsWith('if not exists') || what.includes('or replace')) return undefined
  const name = inSchemaOf(schemaOf(object, ''), object.name, mysqlQuoting)
  switch (object.type) {
    case 'table':
      return `DROP TABLE IF EXISTS ${name}`
    case 'column':
      return fromTable(object, 'COLUMN')
    case 'constraint':
      return fromTable(object, what.includes('foreign key') ? 'FOREIGN KEY' : 'CONSTRAINT')
    case 'index':
      return fromTable(object, 'INDEX')
    case 'trigger':
      return `DROP TRIGGER IF EXISTS ${name}`
    case 'view':
      return `DROP VIEW IF EXISTS ${name}`
    case 'function':
      return `DROP ${what.includes('procedure') ? 'PROCEDURE' : 'FUNCTION'} IF EXISTS ${name}`
    default:
      return undefined
  }
}

function fromTable(object: DatabaseObject, kind: string): string | undefined {
  if (object.table === undefined) return undefined
  const table = quoteTable(schemaOf(object, object.table), mysqlQuoting)
  return `ALTER TABLE ${table} DROP ${kind} IF EXISTS ${quoteName(object.name)}`
}

function schemaOf({ schema }: DatabaseObject, name: string): QualifiedName {
  return schema === undefined ? { name } : { schema, name }
}

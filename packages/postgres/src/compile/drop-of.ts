import type { Change, DatabaseObject } from '@phasegate/core'
import { inSchemaOf, quoteTable } from '../operations/table-reference.js'
import { postgresQuoting, quoteName } from '../quoting.js'

/** What takes away a created object, doing nothing where it was never created. */
export function dropOf({ object, what }: Change): string | undefined {
  const name = qualified(object)
  switch (object.type) {
    case 'table':
      return `DROP TABLE IF EXISTS ${name}`
    case 'column':
      return `ALTER TABLE ${tableOf(object)} DROP COLUMN IF EXISTS ${quoteName(object.name)}`
    case 'constraint':
      return `ALTER TABLE ${tableOf(object)} DROP CONSTRAINT IF EXISTS ${quoteName(object.name)}`
    case 'trigger':
      return `DROP TRIGGER IF EXISTS ${quoteName(object.name)} ON ${tableOf(object)}`
    case 'index':
      return `DROP INDEX CONCURRENTLY IF EXISTS ${name}`
    case 'view':
      return `DROP ${what.includes('materialized') ? 'MATERIALIZED VIEW' : 'VIEW'} IF EXISTS ${name}`
    case 'sequence':
      return `DROP SEQUENCE IF EXISTS ${name}`
    case 'type':
      return `DROP TYPE IF EXISTS ${name}`
    case 'schema':
      return `DROP SCHEMA IF EXISTS ${quoteName(object.name)}`
    default:
      return undefined
  }
}

function qualified(object: DatabaseObject): string {
  return inSchemaOf({ ...(object.schema === undefined ? {} : { schema: object.schema }), name: '' }, object.name)
}

function tableOf(object: DatabaseObject): string {
  const name = object.table ?? ''
  return object.schema === undefined ? postgresQuoting.identifier([name]) : quoteTable({ schema: object.schema, name })
}

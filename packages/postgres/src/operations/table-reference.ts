import type { TableName } from '@phasegate/core'
import { quoteName } from '../quoting.js'
import { badArgument } from './operation-errors.js'

/** A table as the rest of the dialect speaks of it. */
export interface TableReference {
  readonly schema?: string
  readonly name: string
}

/**
 * Reads the author's `users` or `{ schema: 'billing', table: 'invoice' }`. A dot in a plain string is refused: it would
 * be quoted as part of the name, which is hardly ever meant.
 */
export function tableReference(table: TableName): TableReference {
  if (typeof table === 'string') {
    const [schema, name, ...rest] = table.split('.')
    if (name !== undefined) {
      const written = rest.length === 0 ? `{ schema: '${schema}', table: '${name}' }` : "{ schema: '…', table: '…' }"
      throw badArgument(`table '${table}'`, 'a table in a schema is not written with a dot', `Write ${written}.`)
    }
    quoteName(table)
    return { name: table }
  }
  if (typeof table !== 'object' || table === null || typeof table.table !== 'string') {
    throw badArgument(
      'table',
      `a table name is expected, not ${table === null ? 'null' : typeof table}`,
      "Write 'users' or { schema: 'billing', table: 'invoice' }.",
    )
  }
  quoteName(table.schema)
  quoteName(table.table)
  return { schema: table.schema, name: table.table }
}

/** Quoted for SQL: `billing."Invoice"`. */
export function quoteTable(table: TableReference): string {
  return inSchemaOf(table, table.name)
}

/** The name of something that lives in the table's schema: an index, a function. */
export function inSchemaOf(table: TableReference, name: string): string {
  return table.schema === undefined ? quoteName(name) : `${quoteName(table.schema)}.${quoteName(name)}`
}

/** For people: `billing.Invoice`. */
export function tableText(table: TableName): string {
  if (typeof table === 'string') return table
  return typeof table === 'object' && table !== null ? `${table.schema}.${table.table}` : String(table)
}

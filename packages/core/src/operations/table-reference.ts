import type { TableName } from '../authoring/operation.js'
import type { Quoting } from '../authoring/sql.js'
import type { QualifiedName } from '../compiled/database-object.js'
import { badArgument } from './operation-errors.js'

/**
 * Reads the author's `users` or `{ schema: 'billing', table: 'invoice' }`. A dot in a plain string is refused: it would
 * be quoted as part of the name, which is hardly ever meant.
 *
 * @throws `OPERATION.ARGUMENT`; `SQL.IDENTIFIER` for what cannot be a name
 */
export function tableReference(table: TableName, quoting: Quoting): QualifiedName {
  if (typeof table === 'string') {
    const [schema, name, ...rest] = table.split('.')
    if (name !== undefined) {
      const written = rest.length === 0 ? `{ schema: '${schema}', table: '${name}' }` : "{ schema: '…', table: '…' }"
      throw badArgument(`table '${table}'`, 'a table in a schema is not written with a dot', `Write ${written}.`)
    }
    quoting.identifier([table])
    return { name: table }
  }
  if (typeof table !== 'object' || table === null || typeof table.table !== 'string') {
    throw badArgument(
      'table',
      `a table name is expected, not ${table === null ? 'null' : typeof table}`,
      "Write 'users' or { schema: 'billing', table: 'invoice' }.",
    )
  }
  quoting.identifier([table.schema, table.table])
  return { schema: table.schema, name: table.table }
}

/** Quoted for SQL: `billing."Invoice"`. */
export function quoteTable(table: QualifiedName, quoting: Quoting): string {
  return inSchemaOf(table, table.name, quoting)
}

/** The name of something that lives in the table's schema: an index, a function. */
export function inSchemaOf({ schema }: QualifiedName, name: string, quoting: Quoting): string {
  return quoting.identifier(schema === undefined ? [name] : [schema, name])
}

/** For people: `billing.Invoice`. */
export function tableText(table: TableName): string {
  if (typeof table === 'string') return table
  return typeof table === 'object' && table !== null ? `${table.schema}.${table.table}` : String(table)
}

import {
  inSchemaOf as inSchemaOfQuoted,
  type QualifiedName,
  quoteTable as quoteTableWith,
  tableReference as readTable,
  type TableName,
} from '@phasegate/core'
import { postgresQuoting } from '../quoting.js'

/** The author's `users` or `{ schema: 'billing', table: 'invoice' }`. */
export function tableReference(table: TableName): QualifiedName {
  return readTable(table, postgresQuoting)
}

/** Quoted for SQL: `billing."Invoice"`. */
export function quoteTable(table: QualifiedName): string {
  return quoteTableWith(table, postgresQuoting)
}

/** The name of something that lives in the table's schema: an index, a function. */
export function inSchemaOf(table: QualifiedName, name: string): string {
  return inSchemaOfQuoted(table, name, postgresQuoting)
}

import { quoteTable, type TableName, tableReference } from '@phasegate/core'
import { mysqlQuoting, quoteName } from '../quoting.js'

/**
 * MODIFY wants the whole definition of the column again, and what it is not told is lost: type, collation, default,
 * comment. No file says those, so `<definition>` stands for what the catalog says right before the statement runs
 * (`Target.completeStatement`).
 */
export function withNullability(table: TableName, column: string, nullability: 'NULL' | 'NOT NULL'): string {
  const target = quoteTable(tableReference(table, mysqlQuoting), mysqlQuoting)
  return `ALTER TABLE ${target} MODIFY COLUMN ${quoteName(column)} <definition> ${nullability}`
}

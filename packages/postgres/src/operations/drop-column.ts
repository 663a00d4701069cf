import { callText, type DropColumn, type OperationCompiler, tableText } from '@phasegate/core'
import { quoteName } from '../quoting.js'
import { quoteTable, tableReference } from './table-reference.js'

/** ACCESS EXCLUSIVE, but the catalog only: the bytes stay until rows are rewritten. */
export const dropColumn: OperationCompiler<DropColumn> = {
  describe: ({ table, column }) => callText('dropColumn', tableText(table), column),
  compile: ({ table, column }) => [`ALTER TABLE ${quoteTable(tableReference(table))} DROP COLUMN ${quoteName(column)}`],
  revert: ({ table, column }) => ({
    impossible: `the data of ${tableText(table)}.${column} is gone once it is dropped`,
  }),
}

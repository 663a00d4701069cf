import {
  callText,
  type DropColumn,
  type OperationCompiler,
  quoteTable,
  tableReference,
  tableText,
} from '@phasegate/core'
import { mysqlQuoting, quoteName } from '../quoting.js'

/** By INSTANT, unless an index holds the column: that one is dropped first. */
export const dropColumn: OperationCompiler<DropColumn> = {
  describe: ({ table, column }) => callText('dropColumn', tableText(table), column),
  compile: ({ table, column }) => [
    `ALTER TABLE ${quoteTable(tableReference(table, mysqlQuoting), mysqlQuoting)} DROP COLUMN ${quoteName(column)}`,
  ],
  revert: ({ table, column }) => ({
    impossible: `the data of ${tableText(table)}.${column} is gone once it is dropped`,
  }),
}

import { callText, type DropDefault, type OperationCompiler, tableText } from '@phasegate/core'
import { quoteName } from '../quoting.js'
import { quoteTable, tableReference } from './table-reference.js'

/** Catalog only. */
export const dropDefault: OperationCompiler<DropDefault> = {
  describe: ({ table, column }) => callText('dropDefault', tableText(table), column),
  compile: ({ table, column }) => [
    `ALTER TABLE ${quoteTable(tableReference(table))} ALTER COLUMN ${quoteName(column)} DROP DEFAULT`,
  ],
  revert: ({ table, column }) => ({
    impossible: `the default that ${tableText(table)}.${column} had before is not in the file`,
  }),
}

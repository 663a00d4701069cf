import type { DropDefault } from '@phasegate/core'
import { quoteName } from '../quoting.js'
import { callText, type OperationCompiler } from './operation-compiler.js'
import { quoteTable, tableReference, tableText } from './table-reference.js'

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

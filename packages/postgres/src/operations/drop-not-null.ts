import { callText, type DropNotNull, type OperationCompiler, tableText } from '@phasegate/core'
import { quoteName } from '../quoting.js'
import { quoteTable, tableReference } from './table-reference.js'

/** Catalog only. */
export const dropNotNull: OperationCompiler<DropNotNull> = {
  describe: ({ table, column }) => callText('dropNotNull', tableText(table), column),
  compile: ({ table, column }) => [
    `ALTER TABLE ${quoteTable(tableReference(table))} ALTER COLUMN ${quoteName(column)} DROP NOT NULL`,
  ],
  revert: ({ table, column }) => ({
    impossible: `${tableText(table)}.${column} may hold NULL by then, so NOT NULL cannot simply be put back`,
  }),
}

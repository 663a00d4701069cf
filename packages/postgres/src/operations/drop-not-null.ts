import type { DropNotNull } from '@phasegate/core'
import { quoteName } from '../quoting.js'
import { callText, type OperationCompiler } from './operation-compiler.js'
import { quoteTable, tableReference, tableText } from './table-reference.js'

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

import type { DropTable } from '@phasegate/core'
import { callText, type OperationCompiler } from './operation-compiler.js'
import { quoteTable, tableReference, tableText } from './table-reference.js'

/** Without CASCADE: what still depends on the table is to be named by the server, not dropped with it. */
export const dropTable: OperationCompiler<DropTable> = {
  describe: ({ table }) => callText('dropTable', tableText(table)),
  compile: ({ table }) => [`DROP TABLE ${quoteTable(tableReference(table))}`],
  revert: ({ table }) => ({ impossible: `the data of ${tableText(table)} is gone once it is dropped` }),
}

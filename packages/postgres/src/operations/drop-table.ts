import { callText, type DropTable, type OperationCompiler, tableText } from '@phasegate/core'
import { quoteTable, tableReference } from './table-reference.js'

/** Without CASCADE: what still depends on the table is to be named by the server, not dropped with it. */
export const dropTable: OperationCompiler<DropTable> = {
  describe: ({ table }) => callText('dropTable', tableText(table)),
  compile: ({ table }) => [`DROP TABLE ${quoteTable(tableReference(table))}`],
  revert: ({ table }) => ({ impossible: `the data of ${tableText(table)} is gone once it is dropped` }),
}

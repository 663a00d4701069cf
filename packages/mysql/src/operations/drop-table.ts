import {
  callText,
  type DropTable,
  type OperationCompiler,
  quoteTable,
  tableReference,
  tableText,
} from '@phasegate/core'
import { mysqlQuoting } from '../quoting.js'

/** One table a statement: of several, MariaDB may drop the first and fail on the second. */
export const dropTable: OperationCompiler<DropTable> = {
  describe: ({ table }) => callText('dropTable', tableText(table)),
  compile: ({ table }) => [`DROP TABLE ${quoteTable(tableReference(table, mysqlQuoting), mysqlQuoting)}`],
  revert: ({ table }) => ({ impossible: `the data of ${tableText(table)} is gone once it is dropped` }),
}

import {
  callText,
  type DropDefault,
  type OperationCompiler,
  quoteTable,
  tableReference,
  tableText,
} from '@phasegate/core'
import { mysqlQuoting, quoteName } from '../quoting.js'

/** Catalog only. A nullable column then has no default at all: an INSERT that leaves it out fails in strict mode. */
export const dropDefault: OperationCompiler<DropDefault> = {
  describe: ({ table, column }) => callText('dropDefault', tableText(table), column),
  compile: ({ table, column }) => [
    `ALTER TABLE ${quoteTable(tableReference(table, mysqlQuoting), mysqlQuoting)} ALTER COLUMN ${quoteName(column)} DROP DEFAULT`,
  ],
  revert: ({ table, column }) => ({
    impossible: `the default that ${tableText(table)}.${column} had before is not in the file`,
  }),
}

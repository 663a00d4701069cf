import {
  callText,
  type DropConstraint,
  type OperationCompiler,
  quoteTable,
  tableReference,
  tableText,
} from '@phasegate/core'
import { mysqlQuoting, quoteName } from '../quoting.js'

/** A check, a foreign key (whose index stays) or a unique key; beside all traffic. */
export const dropConstraint: OperationCompiler<DropConstraint> = {
  describe: ({ table, name }) => callText('dropConstraint', tableText(table), name),
  compile: ({ table, name }) => [
    `ALTER TABLE ${quoteTable(tableReference(table, mysqlQuoting), mysqlQuoting)} DROP CONSTRAINT ${quoteName(name)}`,
  ],
  revert: ({ table, name }) => ({
    impossible: `the definition of constraint ${name} on ${tableText(table)} is not in the file`,
  }),
}

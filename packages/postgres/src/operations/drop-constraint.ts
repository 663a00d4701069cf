import { callText, type DropConstraint, type OperationCompiler, tableText } from '@phasegate/core'
import { quoteName } from '../quoting.js'
import { quoteTable, tableReference } from './table-reference.js'

/** Catalog only; a foreign key also takes ACCESS EXCLUSIVE on the table that it references. */
export const dropConstraint: OperationCompiler<DropConstraint> = {
  describe: ({ table, name }) => callText('dropConstraint', tableText(table), name),
  compile: ({ table, name }) => [`ALTER TABLE ${quoteTable(tableReference(table))} DROP CONSTRAINT ${quoteName(name)}`],
  revert: ({ table, name }) => ({
    impossible: `the definition of constraint ${name} on ${tableText(table)} is not in the file`,
  }),
}

import type { DropConstraint } from '@phasegate/core'
import { quoteName } from '../quoting.js'
import { callText, type OperationCompiler } from './operation-compiler.js'
import { quoteTable, tableReference, tableText } from './table-reference.js'

/** Catalog only; a foreign key also takes ACCESS EXCLUSIVE on the table that it references. */
export const dropConstraint: OperationCompiler<DropConstraint> = {
  describe: ({ table, name }) => callText('dropConstraint', tableText(table), name),
  compile: ({ table, name }) => [`ALTER TABLE ${quoteTable(tableReference(table))} DROP CONSTRAINT ${quoteName(name)}`],
  revert: ({ table, name }) => ({
    impossible: `the definition of constraint ${name} on ${tableText(table)} is not in the file`,
  }),
}

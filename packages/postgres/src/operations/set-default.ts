import type { SetDefault } from '@phasegate/core'
import { quoteName } from '../quoting.js'
import { defaultText } from './default-text.js'
import { callText, type OperationCompiler } from './operation-compiler.js'
import { badArgument } from './operation-errors.js'
import { quoteTable, tableReference, tableText } from './table-reference.js'

/** Catalog only. Rows that exist keep what they have; only later ones get the default. */
export const setDefault: OperationCompiler<SetDefault> = {
  describe: ({ table, column, default: value }) =>
    callText('setDefault', tableText(table), column, value === undefined ? undefined : defaultText(value)),
  compile: (operation) => {
    const { table, column, default: value } = operation
    if (value === undefined) {
      throw badArgument(
        setDefault.describe(operation),
        'the default is missing',
        'Give a value or an sql`…` expression.',
      )
    }
    const target = `ALTER TABLE ${quoteTable(tableReference(table))} ALTER COLUMN ${quoteName(column)}`
    return [`${target} SET DEFAULT ${defaultText(value)}`]
  },
  revert: ({ table, column }) => ({
    impossible: `the default that ${tableText(table)}.${column} had before is not in the file`,
  }),
}

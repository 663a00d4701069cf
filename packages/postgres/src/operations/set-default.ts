import { badArgument, callText, defaultText, type OperationCompiler, type SetDefault, tableText } from '@phasegate/core'
import { postgresQuoting, quoteName } from '../quoting.js'
import { quoteTable, tableReference } from './table-reference.js'

/** Catalog only. Rows that exist keep what they have; only later ones get the default. */
export const setDefault: OperationCompiler<SetDefault> = {
  describe: ({ table, column, default: value }) =>
    callText(
      'setDefault',
      tableText(table),
      column,
      value === undefined ? undefined : defaultText(value, postgresQuoting),
    ),
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
    return [`${target} SET DEFAULT ${defaultText(value, postgresQuoting)}`]
  },
  revert: ({ table, column }) => ({
    impossible: `the default that ${tableText(table)}.${column} had before is not in the file`,
  }),
}

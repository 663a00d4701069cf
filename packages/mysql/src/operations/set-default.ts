import {
  badArgument,
  callText,
  type OperationCompiler,
  quoteTable,
  type SetDefault,
  tableReference,
  tableText,
} from '@phasegate/core'
import { mysqlQuoting, quoteName } from '../quoting.js'
import { newDefaultText, plainText } from './default-text.js'

/** Catalog only, for expressions too. Rows that exist keep what they have; only later ones get the default. */
export const setDefault: OperationCompiler<SetDefault> = {
  describe: ({ table, column, default: value }) =>
    callText('setDefault', tableText(table), column, value === undefined ? undefined : plainText(value)),
  compile: (operation) => {
    const { table, column, default: value } = operation
    if (value === undefined) {
      throw badArgument(
        setDefault.describe(operation),
        'the default is missing',
        'Give a value or an sql`…` expression.',
      )
    }
    const target = `ALTER TABLE ${quoteTable(tableReference(table, mysqlQuoting), mysqlQuoting)} ALTER COLUMN ${quoteName(column)}`
    return [`${target} SET DEFAULT ${newDefaultText(value)}`]
  },
  revert: ({ table, column }) => ({
    impossible: `the default that ${tableText(table)}.${column} had before is not in the file`,
  }),
}

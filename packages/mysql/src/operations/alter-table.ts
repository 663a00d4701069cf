import {
  type AlterTable,
  badArgument,
  callText,
  type OperationCompiler,
  quoteTable,
  tableReference,
  tableText,
} from '@phasegate/core'
import { mysqlQuoting } from '../quoting.js'

/**
 * A clause in the server's own words. It goes the way of raw SQL: lifted to safe forms where there are any (unless
 * `engine: 'native'` asks for the statement as it stands), and refused where it would copy the table.
 */
export const alterTable: OperationCompiler<AlterTable> = {
  describe: ({ table, clause, engine }) =>
    callText('alterTable', tableText(table), clause, engine === 'native' ? 'native' : undefined),
  compile: (operation) => {
    const { table, clause, engine } = operation
    if (typeof clause !== 'string' || clause.trim() === '') {
      throw badArgument(alterTable.describe(operation), 'the clause is missing', "Write 'ADD COLUMN note text'.")
    }
    if (engine !== 'auto' && engine !== 'native') {
      throw badArgument(
        alterTable.describe(operation),
        `'${String(engine)}' is no engine of MySQL or MariaDB`,
        "Write { engine: 'native' }, or leave it out.",
      )
    }
    return [`ALTER TABLE ${quoteTable(tableReference(table, mysqlQuoting), mysqlQuoting)} ${clause.trim()}`]
  },
  revert: ({ table, clause }) => ({ impossible: `how to undo ${tableText(table)}: ${clause} is not known` }),
}

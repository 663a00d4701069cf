import type { AlterTable } from '@phasegate/core'
import { callText, type OperationCompiler } from './operation-compiler.js'
import { badArgument } from './operation-errors.js'
import { quoteTable, tableReference, tableText } from './table-reference.js'

/**
 * A clause in the server's own words. It goes the way of raw SQL: lifted to safe forms where there are any (unless
 * `engine: 'native'` asks for the statement as it stands), and refused where it would rewrite the table.
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
        `'${String(engine)}' is no engine of PostgreSQL`,
        "Write { engine: 'native' }, or leave it out.",
      )
    }
    return [`ALTER TABLE ${quoteTable(tableReference(table))} ${clause.trim()}`]
  },
  revert: ({ table, clause }) => ({ impossible: `how to undo ${tableText(table)}: ${clause} is not known` }),
}

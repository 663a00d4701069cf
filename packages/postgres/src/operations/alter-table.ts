import {
  type AlterTable,
  badArgument,
  callText,
  type OperationCompiler,
  type PhasegateError,
  tableText,
  unsupported,
} from '@phasegate/core'
import { quoteTable, tableReference } from './table-reference.js'

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

/** @param call as its author wrote it */
export function refuseRewrite(call: string): PhasegateError {
  return unsupported(
    `${call} would rewrite the table under an exclusive lock.`,
    'There is no engine for PostgreSQL that could do it beside traffic.',
    [
      'Make the change by expand and contract: a new column, a backfill (with sync), and drop the old one in contract.',
      "For a small table: { engine: 'native' }, which runs the clause as it stands.",
    ],
  )
}

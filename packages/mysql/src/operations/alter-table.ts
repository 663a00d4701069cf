import {
  type AlterTable,
  badArgument,
  callText,
  type OperationCompiler,
  type PhasegateError,
  quoteTable,
  tableReference,
  tableText,
  unsupported,
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

/** @param call as its author wrote it */
export function refuseRewrite(call: string): PhasegateError {
  return unsupported(
    `${call} would copy the whole table while its writers wait.`,
    'The server knows no better way for it, and there is no engine here yet that could do it beside traffic.',
    [
      'Make the change by expand and contract: a new column, a backfill (with sync), and drop the old one in contract.',
      'Where you know that the server does it at once or beside traffic, say so in the clause: …, ALGORITHM=INSTANT or …, ALGORITHM=INPLACE, LOCK=NONE. It refuses where it cannot.',
      "For a small table: { engine: 'native' }, which runs the clause as it stands.",
    ],
  )
}

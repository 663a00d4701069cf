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
import { MYSQL_ENGINES } from '../engine/mysql-engines.js'
import { mysqlQuoting } from '../quoting.js'

/**
 * A clause in the server's own words. It goes the way of raw SQL: lifted to safe forms where there are any (unless
 * `engine: 'native'` asks for the statement as it stands), and handed to an engine where the server would copy the table.
 */
export const alterTable: OperationCompiler<AlterTable> = {
  describe: ({ table, clause, engine }) =>
    callText('alterTable', tableText(table), clause, engine === 'auto' ? undefined : engine),
  compile: (operation) => {
    const { table, clause, engine } = operation
    if (typeof clause !== 'string' || clause.trim() === '') {
      throw badArgument(alterTable.describe(operation), 'the clause is missing', "Write 'ADD COLUMN note text'.")
    }
    if (!['auto', 'native', ...MYSQL_ENGINES].includes(engine)) {
      throw badArgument(
        alterTable.describe(operation),
        `'${String(engine)}' is no engine of MySQL or MariaDB`,
        `Write one of ${MYSQL_ENGINES.join(', ')} or native, or leave it out.`,
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
    'The server knows no better way for it, and it is nothing that an engine could take.',
    [
      'Make the change by expand and contract: a new column, a backfill (with sync), and drop the old one in contract.',
      'Where you know that the server does it at once or beside traffic, say so in the clause: …, ALGORITHM=INSTANT or …, ALGORITHM=INPLACE, LOCK=NONE. It refuses where it cannot.',
      "For a small table: { engine: 'native' }, which runs the clause as it stands.",
    ],
  )
}

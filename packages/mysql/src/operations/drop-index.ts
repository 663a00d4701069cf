import {
  badArgument,
  callText,
  type DropIndex,
  type OperationCompiler,
  quoteTable,
  tableReference,
  tableText,
} from '@phasegate/core'
import { mysqlQuoting, quoteName } from '../quoting.js'

/** As a clause of ALTER TABLE: MariaDB's DROP INDEX takes no ALGORITHM (error 1064). */
export const dropIndex: OperationCompiler<DropIndex> = {
  describe: ({ name, table }) => callText('dropIndex', name, table === undefined ? undefined : tableText(table)),
  compile: (operation) => {
    const { name, table } = operation
    if (table === undefined) {
      throw badArgument(
        dropIndex.describe(operation),
        'the table is missing, and an index is named within its table here',
        `Write ops.dropIndex('${name}', { table: 'users' }).`,
      )
    }
    return [
      `ALTER TABLE ${quoteTable(tableReference(table, mysqlQuoting), mysqlQuoting)} DROP INDEX ${quoteName(name)}`,
    ]
  },
  revert: ({ name }) => ({ impossible: `the definition of index ${name} is not in the file` }),
}

import {
  type AddUnique,
  callText,
  type OperationCompiler,
  objectName,
  quoteTable,
  tableReference,
  tableText,
} from '@phasegate/core'
import { MAX_IDENTIFIER_LENGTH, mysqlQuoting, quoteName } from '../quoting.js'
import { columnList } from './column-list.js'

/** A unique constraint is its index, which is built beside all traffic. */
export const addUnique: OperationCompiler<AddUnique> = {
  describe: ({ table, columns }) =>
    callText('addUnique', tableText(table), `[${Array.isArray(columns) ? columns.join(', ') : ''}]`),
  compile: (operation) => {
    const columns = columnList(addUnique.describe(operation), operation.columns)
    return [`${alterTable(operation)} ADD UNIQUE INDEX ${quoteName(uniqueName(operation))} ${columns}`]
  },
  revert: (operation) => ({
    statements: [`${alterTable(operation)} DROP INDEX IF EXISTS ${quoteName(uniqueName(operation))}`],
  }),
}

function alterTable({ table }: AddUnique): string {
  return `ALTER TABLE ${quoteTable(tableReference(table, mysqlQuoting), mysqlQuoting)}`
}

function uniqueName(operation: AddUnique): string {
  return (
    operation.name ??
    objectName([tableReference(operation.table, mysqlQuoting).name, ...operation.columns], 'key', MAX_IDENTIFIER_LENGTH)
  )
}

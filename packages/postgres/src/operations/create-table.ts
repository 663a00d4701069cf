import { badArgument, type CreateTable, callText, type OperationCompiler, tableText } from '@phasegate/core'
import { compileSchemaCalls } from '../schema/compile-schema.js'
import { quoteTable, tableReference } from './table-reference.js'

/** The table and what belongs to it, as knex's table builder describes them. Nobody uses any of it yet. */
export const createTable: OperationCompiler<CreateTable> = {
  describe: ({ table }) => callText('createTable', tableText(table)),
  compile: (operation) => {
    const { schema, name } = tableReference(operation.table)
    if (typeof operation.build !== 'function') {
      throw badArgument(createTable.describe(operation), 'the builder is missing', 'Write (t) => { t.increments() }.')
    }
    const create = { method: 'createTable', args: [name, operation.build] }
    return compileSchemaCalls(schema === undefined ? [create] : [{ method: 'withSchema', args: [schema] }, create])
  },
  revert: ({ table }) => ({ statements: [`DROP TABLE IF EXISTS ${quoteTable(tableReference(table))}`] }),
}

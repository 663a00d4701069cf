import { callText, type DropIndex, type OperationCompiler, tableText } from '@phasegate/core'
import { inSchemaOf, tableReference } from './table-reference.js'

/** CONCURRENTLY: plain DROP INDEX waits for ACCESS EXCLUSIVE on the table. */
export const dropIndex: OperationCompiler<DropIndex> = {
  describe: ({ name, table }) => callText('dropIndex', name, table === undefined ? undefined : tableText(table)),
  compile: ({ name, table }, context) => {
    const reference = table === undefined ? undefined : tableReference(table)
    const isNew = reference !== undefined && context.isNewTable(reference)
    return [`DROP INDEX ${isNew ? '' : 'CONCURRENTLY '}${inSchemaOf(reference ?? { name }, name)}`]
  },
  revert: ({ name }) => ({ impossible: `the definition of index ${name} is not in the file` }),
}

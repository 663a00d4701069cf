import { type AddUnique, callText, type OperationCompiler, objectName, tableText } from '@phasegate/core'
import { MAX_IDENTIFIER_BYTES, quoteName } from '../quoting.js'
import { columnList } from './column-list.js'
import { inSchemaOf, quoteTable, tableReference } from './table-reference.js'

/**
 * ADD UNIQUE builds its index under ACCESS EXCLUSIVE; a unique index is built concurrently instead and then made the
 * constraint's, which touches the catalog only.
 */
export const addUnique: OperationCompiler<AddUnique> = {
  describe: ({ table, columns }) =>
    callText('addUnique', tableText(table), `[${Array.isArray(columns) ? columns.join(', ') : ''}]`),
  compile: (operation, context) => {
    const reference = tableReference(operation.table)
    const table = quoteTable(reference)
    const columns = columnList(addUnique.describe(operation), operation.columns)
    const name = quoteName(uniqueName(operation))
    if (context.isNewTable(reference)) return [`ALTER TABLE ${table} ADD CONSTRAINT ${name} UNIQUE ${columns}`]
    return [
      `CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${table} ${columns}`,
      `ALTER TABLE ${table} ADD CONSTRAINT ${name} UNIQUE USING INDEX ${name}`,
    ]
  },
  revert: (operation) => {
    const reference = tableReference(operation.table)
    return {
      statements: [
        `ALTER TABLE ${quoteTable(reference)} DROP CONSTRAINT IF EXISTS ${quoteName(uniqueName(operation))}`,
        `DROP INDEX CONCURRENTLY IF EXISTS ${inSchemaOf(reference, uniqueName(operation))}`,
      ],
    }
  },
}

function uniqueName(operation: AddUnique): string {
  return (
    operation.name ??
    objectName([tableReference(operation.table).name, ...operation.columns], 'key', MAX_IDENTIFIER_BYTES)
  )
}

import { callText, type OperationCompiler, objectName, type SetNotNull, tableText } from '@phasegate/core'
import { MAX_IDENTIFIER_BYTES, quoteName } from '../quoting.js'
import { quoteTable, tableReference } from './table-reference.js'

/**
 * SET NOT NULL by itself reads the whole table under ACCESS EXCLUSIVE. From PostgreSQL 12 on it skips that where a
 * validated CHECK already proves it (release notes of 12), and VALIDATE reads the table beside all traffic. The check is
 * dropped by a statement of its own: `SET NOT NULL, DROP CONSTRAINT` in one ALTER TABLE scans again, because the drop is
 * carried out first.
 */
export const setNotNull: OperationCompiler<SetNotNull> = {
  describe: ({ table, column }) => callText('setNotNull', tableText(table), column),
  compile: (operation, context) => {
    const reference = tableReference(operation.table)
    const table = `ALTER TABLE ${quoteTable(reference)}`
    const column = quoteName(operation.column)
    const tighten = `${table} ALTER COLUMN ${column} SET NOT NULL`
    if (context.isNewTable(reference)) return [tighten]
    const check = proofName(reference.name, operation.column)
    return [
      `${table} ADD CONSTRAINT ${check} CHECK (${column} IS NOT NULL) NOT VALID`,
      `${table} VALIDATE CONSTRAINT ${check}`,
      tighten,
      `${table} DROP CONSTRAINT ${check}`,
    ]
  },
  revert: (operation) => {
    const reference = tableReference(operation.table)
    const table = `ALTER TABLE ${quoteTable(reference)}`
    return {
      statements: [
        `${table} DROP CONSTRAINT IF EXISTS ${proofName(reference.name, operation.column)}`,
        `${table} ALTER COLUMN ${quoteName(operation.column)} DROP NOT NULL`,
      ],
    }
  },
}

/** Not `…_not_null`: PostgreSQL 18 gives that name to the NOT NULL constraint itself. */
function proofName(table: string, column: string): string {
  return quoteName(objectName([table, column], 'not_null_proof', MAX_IDENTIFIER_BYTES))
}

import {
  type AddCheck,
  badArgument,
  callText,
  inBrackets,
  isSqlFragment,
  type OperationCompiler,
  objectName,
  renderSql,
  tableText,
} from '@phasegate/core'
import { readExpression } from '../parse/read-expression.js'
import { MAX_IDENTIFIER_BYTES, postgresQuoting, quoteName } from '../quoting.js'
import { quoteTable, tableReference } from './table-reference.js'

/** NOT VALID asks only new writes and reads nothing; VALIDATE then reads beside all traffic. */
export const addCheck: OperationCompiler<AddCheck> = {
  describe: ({ table, check }) =>
    callText('addCheck', tableText(table), isSqlFragment(check) ? renderSql(check, postgresQuoting).trim() : undefined),
  compile: (operation, context) => {
    if (!isSqlFragment(operation.check)) {
      throw badArgument(
        addCheck.describe(operation),
        'the condition must be an sql`…` fragment',
        'Write sql`price > 0`.',
      )
    }
    const condition = renderSql(operation.check, postgresQuoting).trim()
    const reference = tableReference(operation.table)
    const table = `ALTER TABLE ${quoteTable(reference)}`
    const name = quoteName(checkName(operation, context.file))
    const add = `${table} ADD CONSTRAINT ${name} CHECK ${inBrackets(condition)}`
    return context.isNewTable(reference) ? [add] : [`${add} NOT VALID`, `${table} VALIDATE CONSTRAINT ${name}`]
  },
  revert: (operation) => {
    const table = quoteTable(tableReference(operation.table))
    return { statements: [`ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${quoteName(checkName(operation, ''))}`] }
  },
}

/** As PostgreSQL names a check: after its column where it reads one, else after the table alone. */
function checkName(operation: AddCheck, file: string): string {
  const { columns } = readExpression(renderSql(operation.check, postgresQuoting), file)
  const named = columns.length === 1 && columns[0] !== '*' ? columns : []
  return operation.name ?? objectName([tableReference(operation.table).name, ...named], 'check', MAX_IDENTIFIER_BYTES)
}

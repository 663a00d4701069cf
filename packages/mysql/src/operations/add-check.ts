import {
  type AddCheck,
  badArgument,
  callText,
  isSqlFragment,
  type OperationCompiler,
  objectName,
  quoteTable,
  renderSql,
  tableReference,
  tableText,
  unsafe,
} from '@phasegate/core'
import { readExpression } from '../parse/read-expression.js'
import { MAX_IDENTIFIER_LENGTH, mysqlQuoting, quoteName } from '../quoting.js'
import type { Capabilities } from '../server/capabilities.js'
import { inBrackets } from './in-brackets.js'

/**
 * The server copies the whole table to add a CHECK. Only where it can do that beside traffic (ALGORITHM=COPY, LOCK=NONE)
 * is it done on a table in use.
 */
export function addCheck(can: Capabilities): OperationCompiler<AddCheck> {
  const self: OperationCompiler<AddCheck> = {
    describe: ({ table, check }) =>
      callText('addCheck', tableText(table), isSqlFragment(check) ? renderSql(check, mysqlQuoting).trim() : undefined),
    compile: (operation, context) => {
      const call = self.describe(operation)
      if (!isSqlFragment(operation.check)) {
        throw badArgument(call, 'the condition must be an sql`…` fragment', 'Write sql`price > 0`.')
      }
      const condition = renderSql(operation.check, mysqlQuoting).trim()
      const reference = tableReference(operation.table, mysqlQuoting)
      const name = quoteName(checkName(operation, context.file))
      if (!context.isNewTable(reference) && !can.copyBesideTraffic) throw copies(call)
      return [
        `ALTER TABLE ${quoteTable(reference, mysqlQuoting)} ADD CONSTRAINT ${name} CHECK ${inBrackets(condition)}`,
      ]
    },
    revert: (operation) => {
      const table = quoteTable(tableReference(operation.table, mysqlQuoting), mysqlQuoting)
      return { statements: [`ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${quoteName(checkName(operation, ''))}`] }
    },
  }
  return self
}

/** After its column where it reads one, else after the table alone. */
function checkName(operation: AddCheck, file: string): string {
  const { columns } = readExpression(renderSql(operation.check, mysqlQuoting), file)
  const named = columns.length === 1 && columns[0] !== '*' ? columns : []
  return (
    operation.name ??
    objectName([tableReference(operation.table, mysqlQuoting).name, ...named], 'check', MAX_IDENTIFIER_LENGTH)
  )
}

function copies(call: string): Error {
  return unsafe(
    `${call} would copy the whole table while its writers wait.`,
    'The server checks the rows that exist by ALGORITHM=COPY, LOCK=SHARED, and in no other way. NOT ENFORCED (MySQL) is instant and protects nothing; enforcing it later copies the table again.',
    [
      'Check the rule in the application, or put the CHECK into the definition of a new table.',
      'A small table that may stand still: allow(…) around sql.verbatim`ALTER TABLE … ADD CHECK (…), ALGORITHM=COPY`.',
    ],
  )
}

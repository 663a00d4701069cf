import {
  type AddForeignKey,
  badArgument,
  callText,
  type OperationCompiler,
  objectName,
  type ReferentialAction,
  tableText,
} from '@phasegate/core'
import { MAX_IDENTIFIER_BYTES, quoteName } from '../quoting.js'
import { columnList } from './column-list.js'
import { quoteTable, tableReference } from './table-reference.js'

const ACTIONS: readonly ReferentialAction[] = ['no action', 'restrict', 'cascade', 'set null', 'set default']

/**
 * NOT VALID holds SHARE ROW EXCLUSIVE on both tables for an instant; VALIDATE then reads beside all traffic, in a
 * transaction of its own, so that the stronger lock is gone by then.
 */
export const addForeignKey: OperationCompiler<AddForeignKey> = {
  describe: ({ table, columns, references }) =>
    callText(
      'addForeignKey',
      tableText(table),
      `[${Array.isArray(columns) ? columns.join(', ') : ''}]`,
      references === undefined ? undefined : `references ${tableText(references.table)}`,
    ),
  compile: (operation, context) => {
    const call = addForeignKey.describe(operation)
    if (operation.references === undefined) {
      throw badArgument(call, 'the referenced table is missing', "Write { table: 'users', columns: ['id'] }.")
    }
    const reference = tableReference(operation.table)
    const table = `ALTER TABLE ${quoteTable(reference)}`
    const name = quoteName(foreignKeyName(operation))
    const add = [
      `${table} ADD CONSTRAINT ${name} FOREIGN KEY ${columnList(call, operation.columns)}`,
      `REFERENCES ${quoteTable(tableReference(operation.references.table))}`,
      columnList(call, operation.references.columns),
      action(call, 'ON DELETE', operation.onDelete),
      action(call, 'ON UPDATE', operation.onUpdate),
    ]
      .filter((part) => part !== '')
      .join(' ')
    return context.isNewTable(reference) ? [add] : [`${add} NOT VALID`, `${table} VALIDATE CONSTRAINT ${name}`]
  },
  revert: (operation) => {
    const table = quoteTable(tableReference(operation.table))
    return { statements: [`ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${quoteName(foreignKeyName(operation))}`] }
  },
}

function foreignKeyName(operation: AddForeignKey): string {
  return (
    operation.name ??
    objectName([tableReference(operation.table).name, ...operation.columns], 'fkey', MAX_IDENTIFIER_BYTES)
  )
}

function action(call: string, clause: string, chosen: ReferentialAction | undefined): string {
  if (chosen === undefined) return ''
  if (!ACTIONS.includes(chosen)) {
    throw badArgument(call, `'${String(chosen)}' is no referential action`, `Choose one of ${ACTIONS.join(', ')}.`)
  }
  return `${clause} ${chosen.toUpperCase()}`
}

import {
  type AddColumn,
  badArgument,
  callText,
  defaultText,
  type OperationCompiler,
  tableText,
  unsafe,
} from '@phasegate/core'
import { readExpression } from '../parse/read-expression.js'
import { postgresQuoting, quoteName } from '../quoting.js'
import { assertColumnType } from './column-type.js'
import { quoteTable, tableReference } from './table-reference.js'

/**
 * Catalog only, with or without a default, as long as the default is not volatile: that one would rewrite the table
 * under ACCESS EXCLUSIVE. (`now()` is stable, not volatile, and rewrites nothing.)
 */
export const addColumn: OperationCompiler<AddColumn> = {
  describe: ({ table, column, type, default: value, notNull }) =>
    callText(
      'addColumn',
      tableText(table),
      column,
      type,
      value === undefined ? undefined : `default ${defaultText(value, postgresQuoting)}`,
      notNull === true ? 'not null' : undefined,
    ),
  compile: (operation, context) => {
    const reference = tableReference(operation.table)
    const value = operation.default === undefined ? undefined : defaultText(operation.default, postgresQuoting)
    if (typeof operation.type !== 'string' || operation.type.trim() === '') {
      throw badArgument(addColumn.describe(operation), 'the type is missing', "Write it as the server does: 'boolean'.")
    }
    const isNew = context.isNewTable(reference)
    assertColumnType(addColumn.describe(operation), operation.type, isNew, context.file)
    if (!isNew) assertNoRewrite(operation, value, context.file)
    return [
      [
        `ALTER TABLE ${quoteTable(reference)} ADD COLUMN ${quoteName(operation.column)} ${operation.type.trim()}`,
        value === undefined ? '' : `DEFAULT ${value}`,
        operation.notNull === true ? 'NOT NULL' : '',
      ]
        .filter((part) => part !== '')
        .join(' '),
    ]
  },
  revert: ({ table, column }) => ({
    statements: [`ALTER TABLE ${quoteTable(tableReference(table))} DROP COLUMN IF EXISTS ${quoteName(column)}`],
  }),
}

function assertNoRewrite(operation: AddColumn, value: string | undefined, file: string): void {
  const name = `${tableText(operation.table)}.${operation.column}`
  if (operation.notNull === true && (value === undefined || value.toUpperCase() === 'NULL')) {
    throw unsafe(
      `${name} cannot be added as NOT NULL without a default.`,
      'Rows that exist would hold NULL, so the server refuses, and the old code does not write the column.',
      [
        'Add it without notNull, fill it in the backfill, and use ops.setNotNull in contract.',
        'Or give a constant default.',
      ],
    )
  }
  if (value !== undefined && readExpression(value, file).volatile) {
    throw unsafe(
      `The default of ${name} is volatile (${value}), which would rewrite the whole table under an exclusive lock.`,
      'PostgreSQL computes a volatile default once for each row that exists (ALTER TABLE, Notes).',
      [
        `In expand: ops.addColumn('${tableText(operation.table)}', '${operation.column}', '${operation.type}')`,
        `In expand: ops.setDefault('${tableText(operation.table)}', '${operation.column}', sql\`${value}\`)`,
        `In backfill: set: { ${operation.column}: sql\`${value}\` }, where: sql\`${operation.column} IS NULL\``,
      ],
    )
  }
}

import { type CreateIndex, isSqlFragment, renderSql, type SqlFragment } from '@phasegate/core'
import { postgresQuoting, quoteName } from '../quoting.js'
import { columnList } from './column-list.js'
import { inBrackets } from './in-brackets.js'
import { objectName, shortHash } from './object-name.js'
import { callText, type OperationCompiler } from './operation-compiler.js'
import { badArgument } from './operation-errors.js'
import { inSchemaOf, quoteTable, tableReference, tableText } from './table-reference.js'

/** Built CONCURRENTLY, beside all traffic; on a table that this unit created, plainly in its transaction. */
export const createIndex: OperationCompiler<CreateIndex> = {
  describe: ({ table, columns, unique, where }) =>
    callText(
      'createIndex',
      tableText(table),
      `[${Array.isArray(columns) ? columns.map((column) => (isSqlFragment(column) ? text(column) : column)).join(', ') : ''}]`,
      unique === true ? 'unique' : undefined,
      where === undefined ? undefined : `where ${text(where)}`,
    ),
  compile: (operation, context) => {
    const table = tableReference(operation.table)
    if (!Array.isArray(operation.columns) || operation.columns.length === 0) {
      throw badArgument(
        createIndex.describe(operation),
        'a list of at least one column is expected',
        "Write ['email'].",
      )
    }
    return [
      [
        'CREATE',
        operation.unique === true ? 'UNIQUE' : '',
        'INDEX',
        context.isNewTable(table) ? '' : 'CONCURRENTLY',
        quoteName(indexName(operation)),
        `ON ${quoteTable(table)}`,
        operation.method === undefined ? '' : `USING ${quoteName(operation.method)}`,
        `(${operation.columns.map(keyText).join(', ')})`,
        operation.include === undefined ? '' : `INCLUDE ${columnList('include', operation.include)}`,
        operation.where === undefined ? '' : `WHERE ${text(operation.where)}`,
      ]
        .filter((part) => part !== '')
        .join(' '),
    ]
  },
  revert: (operation) => ({
    statements: [
      `DROP INDEX CONCURRENTLY IF EXISTS ${inSchemaOf(tableReference(operation.table), indexName(operation))}`,
    ],
  }),
}

function indexName(operation: CreateIndex): string {
  if (operation.name !== undefined) return operation.name
  const keys = operation.columns.map((key) => (isSqlFragment(key) ? `expr_${shortHash(text(key))}` : key))
  return objectName([tableReference(operation.table).name, ...keys], 'idx')
}

/** An expression in parentheses, which PostgreSQL wants around all but a function call and allows around that. */
function keyText(key: string | SqlFragment): string {
  return isSqlFragment(key) ? inBrackets(text(key)) : quoteName(key)
}

function text(fragment: SqlFragment): string {
  return renderSql(fragment, postgresQuoting).trim()
}

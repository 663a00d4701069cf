import {
  badArgument,
  type CreateIndex,
  callText,
  inBrackets,
  isSqlFragment,
  type OperationCompiler,
  objectName,
  renderSql,
  type SqlFragment,
  shortHash,
  tableText,
} from '@phasegate/core'
import { MAX_IDENTIFIER_BYTES, postgresQuoting, quoteName } from '../quoting.js'
import { columnList } from './column-list.js'
import { inSchemaOf, quoteTable, tableReference } from './table-reference.js'

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
  return objectName([tableReference(operation.table).name, ...keys], 'idx', MAX_IDENTIFIER_BYTES)
}

/** An expression in parentheses, which PostgreSQL wants around all but a function call and allows around that. */
function keyText(key: string | SqlFragment): string {
  return isSqlFragment(key) ? inBrackets(text(key)) : quoteName(key)
}

function text(fragment: SqlFragment): string {
  return renderSql(fragment, postgresQuoting).trim()
}

import {
  badArgument,
  type CreateIndex,
  callText,
  isSqlFragment,
  type OperationCompiler,
  objectName,
  quoteTable,
  renderSql,
  type SqlFragment,
  shortHash,
  tableReference,
  tableText,
  unsafe,
  unsupported,
} from '@phasegate/core'
import { MAX_IDENTIFIER_LENGTH, mysqlQuoting, quoteName } from '../quoting.js'
import type { Capabilities } from '../server/capabilities.js'
import { inBrackets } from './in-brackets.js'

/** Built beside all traffic. An index on an expression is one on a hidden virtual column, which writers wait for. */
export function createIndex(can: Capabilities): OperationCompiler<CreateIndex> {
  const self: OperationCompiler<CreateIndex> = {
    describe: ({ table, columns, unique }) =>
      callText(
        'createIndex',
        tableText(table),
        `[${Array.isArray(columns) ? columns.map((column) => (isSqlFragment(column) ? text(column) : column)).join(', ') : ''}]`,
        unique === true ? 'unique' : undefined,
      ),
    compile: (operation, context) => {
      const call = self.describe(operation)
      if (!Array.isArray(operation.columns) || operation.columns.length === 0) {
        throw badArgument(call, 'a list of at least one column is expected', "Write ['email'].")
      }
      refuseOptions(call, operation)
      const table = tableReference(operation.table, mysqlQuoting)
      refuseExpressions(call, operation, context.isNewTable(table))
      const unique = operation.unique === true ? 'UNIQUE ' : ''
      const keys = operation.columns.map(keyText).join(', ')
      return [
        `CREATE ${unique}INDEX ${quoteName(indexName(operation))} ON ${quoteTable(table, mysqlQuoting)} (${keys})`,
      ]
    },
    revert: (operation) => ({
      statements: [
        `ALTER TABLE ${quoteTable(tableReference(operation.table, mysqlQuoting), mysqlQuoting)} DROP INDEX IF EXISTS ${quoteName(indexName(operation))}`,
      ],
    }),
  }
  return self

  function refuseExpressions(call: string, operation: CreateIndex, tableIsNew: boolean): void {
    const expression = operation.columns.find(isSqlFragment)
    if (expression === undefined || (tableIsNew && can.expressionIndex)) return
    const table = tableText(operation.table)
    const next = [
      `First: sql\`ALTER TABLE ${table} ADD COLUMN … AS ${inBrackets(text(expression))} VIRTUAL\`, with the type that the expression has.`,
      `Then: ops.createIndex('${table}', […]) with the name of that column.`,
    ]
    if (!can.expressionIndex) {
      throw unsupported(`${call}: this server has no indexes on expressions.`, 'A virtual column can be indexed.', next)
    }
    throw unsafe(
      `${call}: an index on an expression keeps all writers of the table waiting while it is built.`,
      'The server adds a hidden virtual column and its index in one go, and refuses LOCK=NONE for that (error 1846).',
      next,
    )
  }
}

function refuseOptions(call: string, { method, where, include }: CreateIndex): void {
  const refuse = (option: string, why: string, next: string): never => {
    throw unsupported(`${call}: ${option} is not for MySQL and MariaDB.`, why, [next])
  }
  if (method !== undefined)
    refuse(
      'method',
      'An InnoDB table has B-tree indexes; USING HASH is taken without a word and changes nothing.',
      'Leave it out; write FULLTEXT and SPATIAL indexes as sql`CREATE FULLTEXT INDEX …`.',
    )
  if (where !== undefined)
    refuse(
      'where',
      'There are no partial indexes.',
      'Leave it out, or index a virtual column that is NULL for the other rows.',
    )
  if (include !== undefined)
    refuse('include', 'There are no columns beside the key.', 'Put the columns at the end of the key.')
}

function indexName(operation: CreateIndex): string {
  if (operation.name !== undefined) return operation.name
  const keys = operation.columns.map((key) => (isSqlFragment(key) ? `expr_${shortHash(text(key))}` : key))
  return objectName([tableReference(operation.table, mysqlQuoting).name, ...keys], 'idx', MAX_IDENTIFIER_LENGTH)
}

function keyText(key: string | SqlFragment): string {
  return isSqlFragment(key) ? inBrackets(text(key)) : quoteName(key)
}

function text(fragment: SqlFragment): string {
  return renderSql(fragment, mysqlQuoting).trim()
}

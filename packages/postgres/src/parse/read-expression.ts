import { EXIT, type ExpressionFacts, PhasegateError } from '@phasegate/core'
import type { Node, SelectStmt } from 'libpg-query'
import { columnsOf } from './facts/columns-read.js'
import { differsPerTransaction, functionKind, functionsCalled } from './functions.js'
import { strings } from './names.js'
import { parseSql } from './parse-sql.js'
import { walkAst } from './walk-ast.js'

/**
 * Reads one expression with PostgreSQL's grammar.
 *
 * @param text the expression alone: `verified_at IS NOT NULL`
 * @throws `SQL.SYNTAX`; `SQL.EXPRESSION` where it is not exactly one expression
 */
export function readExpression(text: string, file: string, line = 1): ExpressionFacts {
  const node = parseExpression(text, file, line)
  let hasSubquery = false
  let schemaQualified: string | undefined
  walkAst(node, (value, key) => {
    if (key === 'SubLink') hasSubquery = true
    const fields = key === 'ColumnRef' ? strings(value.fields as Node[] | undefined) : []
    if (fields.length > 2) schemaQualified = fields.join('.')
  })
  return {
    columns: columnsOf(node),
    volatile: functionsCalled(node).some((name) => functionKind(name) === 'volatile'),
    perTransaction: differsPerTransaction(node),
    hasSubquery,
    schemaQualified,
  }
}

/** The syntax tree of one expression; its locations are of no use. */
export function parseExpression(text: string, file: string, line = 1): Node {
  // A row of two, so that a bare SELECT is no expression. The closing bracket stands on a line of its own, since a comment
  // at the end of the text would swallow it.
  const [statement, second] = parseSql(`SELECT (true, ${text}\n)`, file, line)
  const select = statement?.stmt !== undefined && 'SelectStmt' in statement.stmt ? statement.stmt.SelectStmt : undefined
  const [target, more] = select?.targetList ?? []
  const row = target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined
  const [, value, third] = row !== undefined && 'RowExpr' in row ? (row.RowExpr.args ?? []) : []
  const lone = second === undefined && more === undefined && select !== undefined && isBare(select)
  if (!lone || value === undefined || third !== undefined) {
    throw new PhasegateError({
      code: 'SQL.EXPRESSION',
      message: `This is not one SQL expression: ${text.trim()}`,
      next: ['Write one expression, for example verified_at IS NOT NULL.'],
      where: { file, line },
      exit: EXIT.usage,
    })
  }
  return value
}

function isBare(select: SelectStmt): boolean {
  const allowed = new Set(['targetList', 'limitOption', 'op', 'groupDistinct', 'all'])
  return Object.keys(select).every((key) => allowed.has(key)) && select.op === 'SETOP_NONE'
}

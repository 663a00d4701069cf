import type { QualifiedName } from '@phasegate/core'
import { relationName } from './names.js'
import { parseStatements } from './parse-statements.js'

/** Reads `users` or `billing.invoice`; undefined where the text is not one table name. Throws `SQL.SYNTAX`. */
export function parseTableName(text: string, file: string, line: number): QualifiedName | undefined {
  const [statement, second] = parseStatements(`TABLE ${text}`, file, line)
  const select = statement !== undefined && 'SelectStmt' in statement.node ? statement.node.SelectStmt : undefined
  const [relation, more] = select?.fromClause ?? []
  if (relation === undefined || !('RangeVar' in relation) || more !== undefined || second !== undefined)
    return undefined
  return relationName(relation.RangeVar)
}

import type { QualifiedName } from '@phasegate/core'
import { relationName } from '../parse/names.js'
import type { ParsedStatement } from '../parse/parse-statements.js'

/** The table that a CREATE TABLE or ALTER TABLE is about. */
export function tableOf({ node }: ParsedStatement): QualifiedName | undefined {
  const statement = 'AlterTableStmt' in node ? node.AlterTableStmt : 'CreateStmt' in node ? node.CreateStmt : undefined
  return statement?.relation === undefined ? undefined : relationName(statement.relation)
}

import type { QualifiedName } from '@phasegate/core'
import type { ParsedStatement } from '../parse/statement-tree.js'

/** The table that a CREATE TABLE or ALTER TABLE is about. */
export function tableOf({ node }: ParsedStatement): QualifiedName | undefined {
  return node.kind === 'create table' || node.kind === 'alter table' ? node.table : undefined
}

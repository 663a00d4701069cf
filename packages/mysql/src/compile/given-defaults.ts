import type { GivenDefault } from '@phasegate/core'
import type { AlterClause, ColumnDefinition, ParsedStatement } from '../parse/statement-tree.js'

/** Every column that a CREATE TABLE or ALTER TABLE gives a value where an INSERT does not mention it. */
export function givenDefaults({ node }: ParsedStatement): readonly GivenDefault[] {
  if (node.kind === 'create table') return node.columns.flatMap((column) => definedDefault(node.table.name, column))
  if (node.kind !== 'alter table') return []
  return node.clauses.flatMap((clause) => clauseDefault(node.table.name, clause))
}

function clauseDefault(table: string, clause: AlterClause): readonly GivenDefault[] {
  switch (clause.kind) {
    case 'add column':
      return definedDefault(table, clause.column)
    case 'change column':
      return definedDefault(table, clause.definition)
    case 'set default':
      return isNull(clause.value) ? [] : [{ table, column: clause.column }]
    default:
      return []
  }
}

function definedDefault(table: string, column: ColumnDefinition): readonly GivenDefault[] {
  const fallback = column.default !== undefined && !isNull(column.default)
  const gives = fallback || column.generated !== undefined || column.autoIncrement
  return gives ? [{ table, column: column.name }] : []
}

function isNull(value: string): boolean {
  return /^\(*\s*null\s*\)*$/i.test(value)
}

import type { QualifiedName } from '@phasegate/core'
import type { AlterClause, AlterTable } from '../parse/statement-tree.js'
import {
  columnExists,
  columnIsNullable,
  constraintExists,
  indexExists,
  indexIs,
  tableExists,
} from './catalog-conditions.js'

/**
 * How the catalog tells whether something has happened: a condition of SQL; `repeatable`, where running it again changes
 * nothing and harms nobody; `unknown`, where neither holds.
 */
export type Outcome = { readonly happened: string } | 'repeatable' | 'unknown'

/**
 * What the catalog says of the clauses of one ALTER TABLE, in their order. A thing that the statement drops and adds again
 * under its name counts only as added, since its drop can never be seen.
 */
export function alterOutcomes({ table, clauses }: AlterTable): readonly Outcome[] {
  const rename = clauses.find((clause) => clause.kind === 'rename table')
  // Under its new name the table would be looked for in vain, and the rename tells of all of it: ALTER TABLE is atomic.
  if (rename !== undefined) return [{ happened: renamed(tableExists(table), tableExists(rename.to)) }]
  const added = new Set(clauses.flatMap((clause) => nameAdded(clause) ?? []))
  return clauses.map((clause) => {
    const dropped = nameDropped(clause)
    return dropped !== undefined && added.has(dropped) ? 'repeatable' : clauseOutcome(table, clause)
  })
}

function clauseOutcome(table: QualifiedName, clause: AlterClause): Outcome {
  switch (clause.kind) {
    case 'add column':
      return { happened: columnExists(table, clause.column.name) }
    case 'drop column':
      return { happened: `NOT ${columnExists(table, clause.column)}` }
    case 'rename column':
      return { happened: renamed(columnExists(table, clause.column), columnExists(table, clause.to)) }
    case 'change column': {
      const { name } = clause.definition
      if (name.toLowerCase() === clause.column.toLowerCase()) return 'repeatable'
      return { happened: renamed(columnExists(table, clause.column), columnExists(table, name)) }
    }
    case 'set not null':
    case 'drop not null':
      return { happened: columnIsNullable(table, clause.column, clause.kind === 'drop not null') }
    case 'add index':
      return clause.index.name === undefined ? 'unknown' : { happened: indexIs(table, clause.index.name, clause.index) }
    case 'add primary key':
      return { happened: indexIs(table, 'PRIMARY', { kind: 'unique', columns: clause.columns }) }
    case 'drop index':
      return { happened: `NOT ${indexExists(table, clause.name)}` }
    case 'drop primary key':
      return { happened: `NOT ${indexExists(table, 'PRIMARY')}` }
    case 'rename index':
      return { happened: renamed(indexExists(table, clause.name), indexExists(table, clause.to)) }
    case 'add foreign key':
      return clause.foreignKey.name === undefined
        ? 'unknown'
        : { happened: constraintExists(table, clause.foreignKey.name) }
    case 'add check':
      return clause.name === undefined ? 'unknown' : { happened: constraintExists(table, clause.name) }
    case 'drop foreign key':
    case 'drop constraint':
      return { happened: `NOT ${constraintExists(table, clause.name)}` }
    case 'set default':
    case 'drop default':
    case 'column visibility':
    case 'index visibility':
    case 'alter check':
    case 'table option':
    case 'rebuild':
      return 'repeatable'
    case 'rename table':
    case 'partition':
      return 'unknown'
  }
}

export function renamed(oldExists: string, newExists: string): string {
  return `(${newExists} AND NOT ${oldExists})`
}

function nameAdded(clause: AlterClause): string | undefined {
  switch (clause.kind) {
    case 'add column':
      return key('column', clause.column.name)
    case 'add index':
      return clause.index.name === undefined ? undefined : key('index', clause.index.name)
    case 'add primary key':
      return key('index', 'PRIMARY')
    case 'add foreign key':
      return clause.foreignKey.name === undefined ? undefined : key('constraint', clause.foreignKey.name)
    case 'add check':
      return clause.name === undefined ? undefined : key('constraint', clause.name)
    default:
      return undefined
  }
}

function nameDropped(clause: AlterClause): string | undefined {
  switch (clause.kind) {
    case 'drop column':
      return key('column', clause.column)
    case 'drop index':
      return key('index', clause.name)
    case 'drop primary key':
      return key('index', 'PRIMARY')
    case 'drop foreign key':
    case 'drop constraint':
      return key('constraint', clause.name)
    default:
      return undefined
  }
}

function key(kind: string, name: string): string {
  return `${kind} ${name.toLowerCase()}`
}

import { displayName, type QualifiedName } from '@phasegate/core'
import type { StatementNode } from '../parse/statement-tree.js'
import {
  indexExists,
  indexIs,
  routineExists,
  tableExists,
  text,
  triggerExists,
  viewExists,
} from './catalog-conditions.js'
import { alterOutcomes, type Outcome, renamed } from './clause-outcome.js'

/** Run again: it changes nothing that is as it should be. */
export const AGAIN = "SELECT 'absent'"

/**
 * Asks the catalog what became of a statement that was under way when its runner ended: `done`, `absent` (also for what is
 * simply run again), or `conflict: …` for what can be neither. Undefined where the catalog cannot tell and a second run
 * could do harm. Each ALTER TABLE is atomic on both servers (MySQL Reference Manual, "Atomic Data Definition Statement
 * Support"; MariaDB docs, "Atomic DDL", from 10.6), so its clauses have all happened or none has.
 *
 * @param statement the text, for what the tree does not say
 */
export function statementProbe(node: StatementNode, statement: string): string | undefined {
  const replaces = /^\s*create\s+or\s+replace\b/i.test(statement)
  switch (node.kind) {
    case 'alter table':
      return combined(alterOutcomes(node))
    case 'create table':
      return replaces ? AGAIN : combined([{ happened: tableExists(node.table) }])
    case 'create index':
      if (node.replaces || node.index.name === undefined) return node.replaces ? AGAIN : undefined
      return combined([{ happened: indexIs(node.table, node.index.name, node.index) }])
    case 'drop index':
      return combined([{ happened: `NOT ${indexExists(node.table, node.name)}` }])
    case 'drop table':
      return node.ifExists ? AGAIN : combined(node.tables.map((table) => ({ happened: `NOT ${tableExists(table)}` })))
    case 'rename table':
      return combined(renameOutcomes(node.renames))
    case 'create trigger':
      return node.replaces ? AGAIN : combined([{ happened: triggerExists(inSchemaOf(node.name, node.table)) }])
    case 'drop trigger':
      return node.ifExists ? AGAIN : combined([{ happened: `NOT ${triggerExists(node.name)}` }])
    case 'create view':
      return node.replaces ? AGAIN : combined([{ happened: viewExists(node.view) }])
    case 'drop view':
      return node.ifExists ? AGAIN : combined(node.views.map((view) => ({ happened: `NOT ${viewExists(view)}` })))
    case 'create routine':
      return replaces ? AGAIN : combined([{ happened: routineExists(node.routine, node.name) }])
    case 'drop routine':
      return node.ifExists ? AGAIN : combined([{ happened: `NOT ${routineExists(node.routine, node.name)}` }])
    case 'analyze':
    case 'grant':
      return AGAIN
    default:
      return undefined
  }
}

function combined(outcomes: readonly Outcome[]): string | undefined {
  const decided = outcomes.flatMap((outcome) => (typeof outcome === 'string' ? [] : [outcome.happened]))
  if (decided.length === 0) return outcomes.includes('unknown') ? undefined : AGAIN
  if (decided.length === 1) return `SELECT CASE WHEN ${decided[0]} THEN 'done' ELSE 'absent' END`
  return [
    `SELECT CASE WHEN ${decided.join(' AND ')} THEN 'done'`,
    `WHEN ${decided.map((happened) => `NOT (${happened})`).join(' AND ')} THEN 'absent'`,
    `ELSE ${text('conflict: a part of this statement is there and another is not, and the server does all of it or nothing')} END`,
  ].join(' ')
}

/**
 * Of `a TO old, new TO a` the name `a` exists before and after; only what exists on one side of the statement tells. All
 * renames of one statement happen together. A full swap changes no name at all.
 */
function renameOutcomes(
  renames: readonly { readonly from: QualifiedName; readonly to: QualifiedName }[],
): readonly Outcome[] {
  const names = new Map<string, { table: QualifiedName; before: boolean; after: boolean }>()
  for (const { from, to } of renames) {
    for (const [table, exists] of [
      [from, false],
      [to, true],
    ] as const) {
      const known = names.get(displayName(table))
      names.set(displayName(table), { table, before: known?.before ?? !exists, after: exists })
    }
  }
  const changed = [...names.values()].filter(({ before, after }) => before !== after)
  const gone = changed.filter(({ after }) => !after).map(({ table }) => tableExists(table))
  const come = changed.filter(({ after }) => after).map(({ table }) => tableExists(table))
  if (gone.length === 1 && come.length === 1) return [{ happened: renamed(gone[0]!, come[0]!) }]
  if (changed.length === 0) return ['unknown']
  return [...come, ...gone.map((exists) => `NOT ${exists}`)].map((happened) => ({ happened }))
}

/** A trigger is in the schema of its table where it does not say another. */
function inSchemaOf(name: QualifiedName, table: QualifiedName): QualifiedName {
  return name.schema === undefined && table.schema !== undefined ? { schema: table.schema, name: name.name } : name
}

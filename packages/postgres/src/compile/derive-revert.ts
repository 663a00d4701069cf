import type { Change, CompiledRevert, DatabaseObject } from '@phasegate/core'
import type { RevertPlan } from '../operations/operation-compiler.js'
import { inSchemaOf, quoteTable } from '../operations/table-reference.js'
import { postgresQuoting, quoteName } from '../quoting.js'
import type { StatementGroup } from './unit-scope.js'

/** Statements that undo some steps of an expand, which are given by their indexes in the unit. */
export interface RevertStatements {
  readonly statements: readonly string[]
  readonly undoes: readonly number[]
  readonly written: string
}

/** One authored thing of an expand and where its steps begin in the unit. */
export interface PlacedGroup {
  readonly group: StatementGroup
  readonly first: number
}

/**
 * Derives how an expand is undone, last thing first. What was done to a table or column that the same expand created
 * needs nothing, since that goes as a whole.
 */
export function deriveRevert(
  groups: readonly PlacedGroup[],
): readonly RevertStatements[] | { readonly impossible: string } {
  const reverts: RevertStatements[] = []
  for (const { group, first } of groups.toReversed()) {
    const all = group.drafts.flatMap(({ step }) => step.facts.changes)
    const changes = all.filter(({ action }) => action !== 'read' && action !== 'validate')
    if (all.length > 0 && changes.every(goesWithItsOwner)) continue
    const plan = group.revert ?? undoChanges(changes, group.written)
    if ('impossible' in plan) return { impossible: `${group.written} cannot be undone: ${plan.impossible}` }
    const undoes = group.drafts.map((_, index) => first + index)
    reverts.push({ statements: plan.statements, undoes, written: `revert of ${group.written}` })
  }
  return reverts
}

export function impossible(reason: string): CompiledRevert {
  return { possible: false, reason: `${reason}. Write what undoes it as revert in the migration.` }
}

/** What is dropped with the table or column that it belongs to. */
const PARTS: ReadonlySet<string> = new Set(['column', 'constraint', 'index', 'trigger'])

function goesWithItsOwner(change: Change): boolean {
  // Under its new name the column would not be found by what drops the old one.
  if (change.action === 'rename' && !change.onNew) return false
  if (change.action === 'create' && !PARTS.has(change.object.type)) return false
  return change.onNew || change.onNewColumn === true
}

function undoChanges(changes: readonly Change[], written: string): RevertPlan {
  const statements: string[] = []
  for (const change of changes.toReversed()) {
    if (goesWithItsOwner(change) || isIndexOfConstraint(change, changes)) continue
    const drop = change.action === 'create' ? dropOf(change) : undefined
    if (drop === undefined) return { impossible: `what "${change.what}" changed is not in the file` }
    statements.push(drop)
  }
  return changes.length === 0 ? { impossible: `what ${written} changes is not known` } : { statements }
}

/** It goes with the constraint, and the server drops it in no other way. */
function isIndexOfConstraint({ object }: Change, changes: readonly Change[]): boolean {
  if (object.type !== 'index') return false
  return changes.some(({ action, object: other }) => {
    return action === 'create' && other.type === 'constraint' && other.name === object.name
  })
}

/** What takes away a created object, doing nothing where it was never created. */
function dropOf({ object, what }: Change): string | undefined {
  if (what.endsWith('if not exists') || what.includes('or replace')) return undefined
  const name = qualified(object)
  switch (object.type) {
    case 'table':
      return `DROP TABLE IF EXISTS ${name}`
    case 'column':
      return `ALTER TABLE ${tableOf(object)} DROP COLUMN IF EXISTS ${quoteName(object.name)}`
    case 'constraint':
      return `ALTER TABLE ${tableOf(object)} DROP CONSTRAINT IF EXISTS ${quoteName(object.name)}`
    case 'trigger':
      return `DROP TRIGGER IF EXISTS ${quoteName(object.name)} ON ${tableOf(object)}`
    case 'index':
      return `DROP INDEX CONCURRENTLY IF EXISTS ${name}`
    case 'view':
      return `DROP ${what.includes('materialized') ? 'MATERIALIZED VIEW' : 'VIEW'} IF EXISTS ${name}`
    case 'sequence':
      return `DROP SEQUENCE IF EXISTS ${name}`
    case 'type':
      return `DROP TYPE IF EXISTS ${name}`
    case 'schema':
      return `DROP SCHEMA IF EXISTS ${quoteName(object.name)}`
    default:
      return undefined
  }
}

function qualified(object: DatabaseObject): string {
  return inSchemaOf({ ...(object.schema === undefined ? {} : { schema: object.schema }), name: '' }, object.name)
}

function tableOf(object: DatabaseObject): string {
  const name = object.table ?? ''
  return object.schema === undefined ? postgresQuoting.identifier([name]) : quoteTable({ schema: object.schema, name })
}

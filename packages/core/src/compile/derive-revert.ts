import type { CompiledRevert } from '../compiled/compiled-migration.js'
import type { Change } from '../compiled/statement-facts.js'
import type { ParsedStatement, RevertPlan, SqlLanguage } from '../ports/sql-language.js'
import type { StatementGroup } from './unit-scope.js'

/** Statements that undo some steps of an expand, which are given by their indexes in the unit. */
export interface RevertStatements {
  readonly statements: readonly string[]
  readonly undoes: readonly number[]
  readonly written: string
}

type DropLanguage = Pick<SqlLanguage, 'dropOf' | 'dropColumnTakesParts'>

/** One authored thing of an expand and where its steps begin in the unit. */
export interface PlacedGroup<S extends ParsedStatement> {
  readonly group: StatementGroup<S>
  readonly first: number
}

/**
 * Derives how an expand is undone, last thing first. What was done to a table or column that the same expand created
 * needs nothing, since that goes as a whole.
 */
export function deriveRevert<S extends ParsedStatement>(
  groups: readonly PlacedGroup<S>[],
  language: DropLanguage,
): readonly RevertStatements[] | { readonly impossible: string } {
  const reverts: RevertStatements[] = []
  for (const { group, first } of groups.toReversed()) {
    const all = group.drafts.flatMap(({ step }) => step.facts.changes)
    const changes = all.filter(({ action }) => action !== 'read' && action !== 'validate')
    if (all.length > 0 && changes.every((change) => goesWithItsOwner(change, language))) continue
    const plan = group.revert ?? undoChanges(changes, group.written, language)
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

function goesWithItsOwner(change: Change, { dropColumnTakesParts }: DropLanguage): boolean {
  // Under its new name the column would not be found by what drops the old one.
  if (change.action === 'rename' && !change.onNew) return false
  if (change.action === 'create' && !PARTS.has(change.object.type)) return false
  if (change.onNew) return true
  return change.onNewColumn === true && (dropColumnTakesParts || change.object.type === 'column')
}

function undoChanges(changes: readonly Change[], written: string, language: DropLanguage): RevertPlan {
  const statements: string[] = []
  for (const change of changes.toReversed()) {
    if (goesWithItsOwner(change, language) || isIndexOfConstraint(change, changes)) continue
    const drop = isOurs(change) ? language.dropOf(change) : undefined
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

/** Created by this statement and by nothing before it. */
function isOurs({ action, what }: Change): boolean {
  return action === 'create' && !what.endsWith('if not exists') && !what.includes('or replace')
}

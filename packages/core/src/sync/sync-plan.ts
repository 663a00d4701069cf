import type { QualifiedName } from '../compiled/database-object.js'
import type { SourceLocation } from '../error/phasegate-error.js'
import { cutToBytes, shortHash } from '../operations/object-name.js'
import type { Assignment, ExpressionFacts, SqlLanguage, SyncPlan } from '../ports/sql-language.js'
import { badSync } from './sync-errors.js'

/** `sync` as authored, with its expressions as SQL text. */
export interface AuthoredSync {
  readonly table: QualifiedName
  readonly forward: readonly Assignment[]
  readonly backward: readonly Assignment[]
  readonly where: SourceLocation
}

type PlanLanguage = Pick<SqlLanguage, 'quoting' | 'longestName' | 'readExpression' | 'sync' | 'columnKey'>

/** Bytes left for what a dialect puts around the name, for one trigger and the other. */
const ROOM = 3

/**
 * @param identity what tells this sync from every other one: the migration and its place in the list
 * @throws `SYNC.EXPRESSION`, `SYNC.SHAPE`
 */
export function planSync(sync: AuthoredSync, identity: string, language: PlanLanguage): SyncPlan {
  const { where } = sync
  if (sync.forward.length === 0) {
    throw badSync('SYNC.SHAPE', 'sync has no forward.', undefined, ['Say how new columns follow from old ones.'], where)
  }
  const targets = sync.forward.map(({ column }) => column)
  const both = sync.backward.find(({ column }) => isTarget(column, targets, language))
  if (both !== undefined) {
    throw badSync(
      'SYNC.SHAPE',
      `sync: ${both.column} is a column of forward and of backward.`,
      'forward gives new columns from old ones, backward old columns from new ones.',
      ['Name each column on one side only.'],
      where,
    )
  }
  return {
    table: sync.table,
    forward: sync.forward.map((entry) => ({ ...entry, reads: forwardReads(entry, targets, where, language) })),
    backward: sync.backward.map((entry) => ({ ...entry, reads: backwardReads(entry, targets, where, language) })),
    name: syncName(sync.table.name, identity, language.longestName),
  }
}

function syncName(table: string, identity: string, longest: number): string {
  const ending = `_${shortHash(identity)}`
  const start = 'phasegate_sync_'
  return start + cutToBytes(table, longest - ROOM - start.length - ending.length) + ending
}

function forwardReads(
  entry: Assignment,
  targets: readonly string[],
  where: SourceLocation,
  language: PlanLanguage,
): readonly string[] {
  const { columns, volatile, perTransaction } = checked('forward', entry, where, language)
  const changing = volatile || perTransaction
  const circular = columns.find((column) => isTarget(column, targets, language) || column === '*')
  if (circular !== undefined || columns.length === 0 || changing) {
    throw badSync(
      'SYNC.EXPRESSION',
      `sync: forward of ${entry.column} ${
        circular !== undefined
          ? `reads ${circular}, which is or holds a new column itself`
          : changing
            ? 'gives another value each time'
            : 'reads no column'
      }.`,
      'The trigger compares the new column with forward(old columns), so it must depend on them and on nothing else.',
      ['Write an expression over columns of the old shape.'],
      where,
    )
  }
  return columns
}

function backwardReads(
  entry: Assignment,
  targets: readonly string[],
  where: SourceLocation,
  language: PlanLanguage,
): readonly string[] {
  const { columns } = checked('backward', entry, where, language)
  if (columns.some((column) => isTarget(column, targets, language))) return columns
  throw badSync(
    'SYNC.EXPRESSION',
    `sync: backward of ${entry.column} reads none of the new columns (${targets.join(', ')}).`,
    'It runs when one of those was changed.',
    ['Write an expression over columns that forward gives.'],
    where,
  )
}

function isTarget(column: string, targets: readonly string[], { columnKey }: PlanLanguage): boolean {
  return targets.some((target) => columnKey(target) === columnKey(column))
}

function checked(
  side: string,
  { column, expression }: Assignment,
  where: SourceLocation,
  language: PlanLanguage,
): ExpressionFacts {
  language.quoting.identifier([column])
  const facts = language.readExpression(expression, where.file)
  if (facts.hasSubquery) {
    throw badSync(
      'SYNC.EXPRESSION',
      `sync: ${side} of ${column} holds a subquery.`,
      'A trigger sees the row that is written; a change elsewhere would not be noticed.',
      ['Write an expression over columns of the same table.'],
      where,
    )
  }
  const place = facts.schemaQualified ?? facts.columns.find((name) => language.sync.systemColumns.has(name))
  if (place !== undefined) {
    throw badSync(
      'SYNC.EXPRESSION',
      `sync: ${side} of ${column} reads ${place}.`,
      'The trigger evaluates it over the row before that is stored, which has no schema and no system columns.',
      ['Name columns of the table by themselves, or behind the name of the table.'],
      where,
    )
  }
  return facts
}

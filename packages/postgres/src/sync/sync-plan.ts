import type { SourceLocation } from '@phasegate/core'
import { cutToBytes, shortHash } from '../operations/object-name.js'
import type { TableReference } from '../operations/table-reference.js'
import { readExpression } from '../parse/read-expression.js'
import { MAX_IDENTIFIER_BYTES, quoteName } from '../quoting.js'
import { badSync } from './sync-errors.js'

/** `sync` as authored, with its expressions as SQL text. */
export interface AuthoredSync {
  readonly table: TableReference
  readonly forward: readonly SyncExpression[]
  readonly backward: readonly SyncExpression[]
  readonly where: SourceLocation
}

export interface SyncExpression {
  readonly column: string
  readonly expression: string
}

/** What the trigger needs to know: which columns each expression reads, and what the two objects are called. */
export interface SyncPlan {
  readonly table: TableReference
  readonly forward: readonly (SyncExpression & { readonly reads: readonly string[] })[]
  readonly backward: readonly (SyncExpression & { readonly reads: readonly string[] })[]
  readonly functionName: string
  readonly triggerName: string
}

/**
 * Triggers of one kind fire in the order of their names (PostgreSQL docs: CREATE TRIGGER), and ours is to see what the
 * table's other BEFORE triggers made of the row.
 */
const LAST = 'zz_'

/** PostgreSQL docs: System Columns. No column of a table can have one of these names. */
const SYSTEM_COLUMNS = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid'])

/**
 * @param identity what tells this sync from every other one: the migration and its place in the list
 * @throws `SYNC.EXPRESSION`, `SYNC.SHAPE`
 */
export function planSync(sync: AuthoredSync, identity: string): SyncPlan {
  const { where } = sync
  const name = syncName(sync.table.name, identity)
  if (sync.forward.length === 0) {
    throw badSync('SYNC.SHAPE', 'sync has no forward.', undefined, ['Say how new columns follow from old ones.'], where)
  }
  const targets = sync.forward.map(({ column }) => column)
  const both = sync.backward.find(({ column }) => targets.includes(column))
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
    forward: sync.forward.map((entry) => ({ ...entry, reads: forwardReads(entry, targets, where) })),
    backward: sync.backward.map((entry) => ({ ...entry, reads: backwardReads(entry, targets, where) })),
    functionName: name,
    triggerName: LAST + name,
  }
}

function syncName(table: string, identity: string): string {
  const ending = `_${shortHash(identity)}`
  const start = 'phasegate_sync_'
  return start + cutToBytes(table, MAX_IDENTIFIER_BYTES - LAST.length - start.length - ending.length) + ending
}

function forwardReads(entry: SyncExpression, targets: readonly string[], where: SourceLocation): readonly string[] {
  const { columns, volatile, perTransaction } = checked('forward', entry, where)
  const changing = volatile || perTransaction
  const circular = columns.find((column) => targets.includes(column) || column === '*')
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

function backwardReads(entry: SyncExpression, targets: readonly string[], where: SourceLocation): readonly string[] {
  const { columns } = checked('backward', entry, where)
  if (columns.some((column) => targets.includes(column))) return columns
  throw badSync(
    'SYNC.EXPRESSION',
    `sync: backward of ${entry.column} reads none of the new columns (${targets.join(', ')}).`,
    'It runs when one of those was changed.',
    ['Write an expression over columns that forward gives.'],
    where,
  )
}

function checked(side: string, { column, expression }: SyncExpression, where: SourceLocation) {
  quoteName(column)
  const facts = readExpression(expression, where.file)
  if (facts.hasSubquery) {
    throw badSync(
      'SYNC.EXPRESSION',
      `sync: ${side} of ${column} holds a subquery.`,
      'A trigger sees the row that is written; a change elsewhere would not be noticed.',
      ['Write an expression over columns of the same table.'],
      where,
    )
  }
  const place = facts.schemaQualified ?? facts.columns.find((name) => SYSTEM_COLUMNS.has(name))
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

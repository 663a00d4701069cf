import type { SourceLocation } from '@phasegate/core'
import { type QualifiedName, relationName } from '../parse/names.js'
import { parseAssignments } from '../parse/parse-assignments.js'
import { parseStatements } from '../parse/parse-statements.js'
import { sqlFileError } from './sql-file-errors.js'

/** Which columns of one table are kept equal, with the expressions as they were written. */
export interface SyncText {
  /** Undefined: the table of the backfill, or the only one that expand changes. */
  readonly table: QualifiedName | undefined
  readonly forward: Readonly<Record<string, string>>
  readonly backward: Readonly<Record<string, string>>
  /** Line of the first header that speaks of it. */
  readonly line: number
}

interface SyncLine {
  readonly table: QualifiedName | undefined
  readonly direction: 'forward' | 'backward'
  readonly assignments: readonly { readonly column: string; readonly expression: string }[]
  readonly where: SourceLocation
}

const HOW = 'Write -- sync: forward new_column = (expression), or -- sync on users: backward old_column = (expression)'

/**
 * Reads `forward email_verified = (verified_at IS NOT NULL)`; several columns are separated by commas.
 *
 * @param target what stands before the colon: `on billing.invoice`, or nothing
 * @throws `MIGRATION.BAD_SETTING`, `SQL.SYNTAX`
 */
export function readSyncLine(target: string, value: string, where: SourceLocation): SyncLine {
  const [, direction, assignments] = /^(forward|backward)\s+(.*)$/is.exec(value) ?? []
  if (direction === undefined || assignments === undefined) {
    throw sqlFileError('MIGRATION.BAD_SETTING', 'sync says neither forward nor backward.', where, [HOW])
  }
  return {
    table: tableOf(target, where),
    direction: direction.toLowerCase() === 'forward' ? 'forward' : 'backward',
    assignments: assignmentsOf(assignments, where),
    where,
  }
}

/** All lines of one table together. */
export function mergeSync(lines: readonly SyncLine[]): SyncText[] {
  const tables = new Map<string, SyncLine[]>()
  for (const line of lines) {
    const key = JSON.stringify(line.table ?? null)
    tables.set(key, [...(tables.get(key) ?? []), line])
  }
  return [...tables.values()].map((group) => ({
    table: group[0]!.table,
    forward: columnsOf(group, 'forward'),
    backward: columnsOf(group, 'backward'),
    line: group[0]!.where.line ?? 1,
  }))
}

function columnsOf(lines: readonly SyncLine[], direction: SyncLine['direction']): Record<string, string> {
  const columns = new Map<string, string>()
  for (const line of lines.filter((candidate) => candidate.direction === direction)) {
    for (const { column, expression } of line.assignments) {
      if (columns.has(column)) {
        throw sqlFileError('MIGRATION.BAD_SETTING', `sync gives ${direction} ${column} twice.`, line.where, [
          'Keep one of the two.',
        ])
      }
      columns.set(column, expression)
    }
  }
  return Object.fromEntries(columns)
}

function tableOf(target: string, where: SourceLocation): QualifiedName | undefined {
  if (target === '') return undefined
  const name = /^on\s+(.+)$/is.exec(target)?.[1]
  const [statement, second] = name === undefined ? [] : parseStatements(`TABLE ${name}`, where.file, where.line)
  const select = statement !== undefined && 'SelectStmt' in statement.node ? statement.node.SelectStmt : undefined
  const [relation, more] = select?.fromClause ?? []
  if (relation === undefined || !('RangeVar' in relation) || more !== undefined || second !== undefined) {
    throw sqlFileError('MIGRATION.BAD_SETTING', `sync names no table in '${target}'.`, where, [HOW])
  }
  return relationName(relation.RangeVar)
}

/** The grammar of an UPDATE decides where each expression ends. */
function assignmentsOf(text: string, where: SourceLocation): SyncLine['assignments'] {
  const refuse = (reason: string, next: string) =>
    sqlFileError('MIGRATION.BAD_SETTING', `sync cannot use this assignment: ${reason}.`, where, [next])
  const [statement, second] = parseStatements(`UPDATE t SET ${text}`, where.file, where.line)
  const update = statement !== undefined && 'UpdateStmt' in statement.node ? statement.node.UpdateStmt : undefined
  if (statement === undefined || update === undefined || second !== undefined) throw refuse('it is not one', HOW)
  if (update.fromClause ?? update.returningClause ?? update.whereClause) {
    throw refuse('it holds more than column = expression', HOW)
  }
  return parseAssignments(statement, update, where.file, refuse).set
}

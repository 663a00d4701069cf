import type { QualifiedName } from '../compiled/database-object.js'
import type { SourceLocation } from '../error/phasegate-error.js'
import type { Assignment, SqlLanguage } from '../ports/sql-language.js'
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
  readonly assignments: readonly Assignment[]
  readonly where: SourceLocation
}

type SyncGrammar = Pick<SqlLanguage, 'parseTableName' | 'parseAssignments'>

const HOW = 'Write -- sync: forward new_column = (expression), or -- sync on users: backward old_column = (expression)'

/**
 * Reads `forward email_verified = (verified_at IS NOT NULL)`; several columns are separated by commas.
 *
 * @param target what stands before the colon: `on billing.invoice`, or nothing
 * @throws `MIGRATION.BAD_SETTING`, `SQL.SYNTAX`
 */
export function readSyncLine(target: string, value: string, where: SourceLocation, language: SyncGrammar): SyncLine {
  const [, direction, assignments] = /^(forward|backward)\s+(.*)$/is.exec(value) ?? []
  if (direction === undefined || assignments === undefined) {
    throw sqlFileError('MIGRATION.BAD_SETTING', 'sync says neither forward nor backward.', where, [HOW])
  }
  return {
    table: tableOf(target, where, language),
    direction: direction.toLowerCase() === 'forward' ? 'forward' : 'backward',
    assignments: assignmentsOf(assignments, where, language),
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

function tableOf(target: string, where: SourceLocation, language: SyncGrammar): QualifiedName | undefined {
  if (target === '') return undefined
  const name = /^on\s+(.+)$/is.exec(target)?.[1]
  const table = name === undefined ? undefined : language.parseTableName(name, where.file, where.line ?? 1)
  if (table === undefined) {
    throw sqlFileError('MIGRATION.BAD_SETTING', `sync names no table in '${target}'.`, where, [HOW])
  }
  return table
}

/** The grammar of an UPDATE decides where each expression ends. */
function assignmentsOf(text: string, where: SourceLocation, language: SyncGrammar): readonly Assignment[] {
  return language.parseAssignments(text, where.file, where.line ?? 1, (reason, next = HOW) =>
    sqlFileError('MIGRATION.BAD_SETTING', `sync cannot use this assignment: ${reason}.`, where, [next]),
  )
}

import { EXIT, PhasegateError, type SourceLocation } from '@phasegate/core'
import type { RawStmt } from 'libpg-query'
import { parser } from './parser.js'
import { sourceText } from './source-text.js'

/**
 * Parses a text with PostgreSQL's grammar. Offsets in the result are UTF-8 bytes, as the parser gives them.
 *
 * @param firstLine line of the file at which the text begins
 * @throws `SQL.SYNTAX`, `SQL.PSQL_COMMAND`, `SQL.COPY_STDIN`, `SQL.CHARACTER`, `SQL.TOO_COMPLEX`, with file and line
 */
export function parseSql(text: string, file: string, firstLine = 1): readonly RawStmt[] {
  assertCharacters(text, file, firstLine)
  if (text.trim() === '') return []
  try {
    return parser().parseSync(text).stmts ?? []
  } catch (error) {
    throw translated(error, text, file, firstLine)
  }
}

/**
 * NUL would end the text for the parser, and the rest of the file would be lost without a word; a lone surrogate has no
 * UTF-8 form.
 */
export function assertCharacters(text: string, file: string, firstLine = 1): void {
  const at = text.search(/\0|\p{Surrogate}/u)
  if (at === -1) return
  const nul = text[at] === '\0'
  throw new PhasegateError({
    code: 'SQL.CHARACTER',
    message: `The SQL contains ${nul ? 'a NUL byte' : 'half of a surrogate pair'}, which PostgreSQL cannot take.`,
    why: nul ? 'A text in PostgreSQL never holds the byte 0.' : 'The character cannot be written in UTF-8.',
    next: ['Save the file as UTF-8 text, and write such a value as an escape or as bytea.'],
    where: place(text, at, file, firstLine),
    exit: EXIT.usage,
  })
}

function translated(error: unknown, text: string, file: string, firstLine: number): PhasegateError {
  if (!parser().hasSqlDetails(error)) return tooComplex(error, file, firstLine)
  const said = error.sqlDetails?.message ?? error.message
  if (said.startsWith('memory exhausted')) return tooComplex(error, file, firstLine)
  const at = sourceText(text).indexOfCharacter(error.sqlDetails?.cursorPosition ?? 0)
  const where = place(text, at, file, firstLine)
  if (text[at] === '\\') return psqlCommand(text, at, where, error)
  if (/\bcopy\b[^;]*\bfrom\s+stdin\b/i.test(text.slice(0, at))) return copyData(where, error)
  return new PhasegateError({
    code: 'SQL.SYNTAX',
    message: `PostgreSQL cannot read this SQL: ${said}.`,
    next: ['Correct the SQL at this line; an unfinished statement or quote further up may be the cause.'],
    where,
    meta: { line: lineOf(text, at) },
    cause: error,
    exit: EXIT.usage,
  })
}

function psqlCommand(text: string, at: number, where: SourceLocation, cause: unknown): PhasegateError {
  return new PhasegateError({
    code: 'SQL.PSQL_COMMAND',
    message: `${lineOf(text, at)} is a command of psql, not SQL.`,
    why: 'Migrations are sent to the server, which knows nothing of backslash commands.',
    next: ['Remove it, or write the SQL that it stands for.'],
    where,
    cause,
    exit: EXIT.usage,
  })
}

/** Also raised by `refuseStatement`, for a `COPY … FROM STDIN` without data below it. */
export function copyData(where: SourceLocation, cause?: unknown): PhasegateError {
  return new PhasegateError({
    code: 'SQL.COPY_STDIN',
    message: 'COPY … FROM STDIN cannot stand in a migration.',
    why: 'Its rows follow outside of SQL, so the statement can neither be planned nor run again after a failure.',
    next: ['Write INSERT INTO … VALUES …, or load the rows with psql before the migration.'],
    where,
    cause,
    exit: EXIT.usage,
  })
}

function tooComplex(cause: unknown, file: string, line: number): PhasegateError {
  return new PhasegateError({
    code: 'SQL.TOO_COMPLEX',
    message: 'The SQL is nested too deeply to be read.',
    why: cause instanceof Error ? cause.message : String(cause),
    next: ['Split the statement, or shorten its lists and nested expressions.'],
    where: { file, line },
    cause,
    exit: EXIT.usage,
  })
}

function place(text: string, at: number, file: string, firstLine: number): SourceLocation {
  return { file, line: firstLine - 1 + sourceText(text).lineAt(at) }
}

function lineOf(text: string, at: number): string {
  const end = text.indexOf('\n', at)
  return text.slice(text.lastIndexOf('\n', at - 1) + 1, end === -1 ? text.length : end).trim()
}

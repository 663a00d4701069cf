import { EXIT, PhasegateError, type SourceLocation } from '@phasegate/core'

/** Where a text stands: its file, and the line of the file at which it begins. */
export interface TextPlace {
  readonly text: string
  readonly file: string
  readonly firstLine: number
}

export function locationAt({ text, file, firstLine }: TextPlace, at: number): SourceLocation {
  let line = firstLine
  for (let next = text.indexOf('\n'); next !== -1 && next < at; next = text.indexOf('\n', next + 1)) line++
  return { file, line }
}

/** @param said what is wrong, as the end of a sentence: `a quote is not closed` */
export function syntaxError(place: TextPlace, at: number, said: string, next?: string): PhasegateError {
  return new PhasegateError({
    code: 'SQL.SYNTAX',
    message: `This SQL cannot be read: ${said}.`,
    next: [next ?? 'Correct the SQL at this line; an unfinished statement or quote further up may be the cause.'],
    where: locationAt(place, at),
    meta: { line: lineOf(place.text, at) },
    exit: EXIT.usage,
  })
}

/** NUL ends a text for many tools on the way; a lone surrogate has no UTF-8 form. */
export function assertCharacters(place: TextPlace): void {
  const at = place.text.search(/\0|\p{Surrogate}/u)
  if (at === -1) return
  const nul = place.text[at] === '\0'
  throw new PhasegateError({
    code: 'SQL.CHARACTER',
    message: `The SQL contains ${nul ? 'a NUL byte' : 'half of a surrogate pair'}, which no statement may hold.`,
    why: nul ? 'The server would take it for the end of the statement.' : 'The character cannot be written in UTF-8.',
    next: ["Save the file as UTF-8 text, and write such a value as bytes: x'00'."],
    where: locationAt(place, at),
    exit: EXIT.usage,
  })
}

/** MySQL Reference Manual, "Comments": the inside of such a comment is executed, depending on flavour and version. */
export function versionComment(place: TextPlace, at: number): PhasegateError {
  return new PhasegateError({
    code: 'SQL.VERSION_COMMENT',
    message: `${lineOf(place.text, at)} holds a version comment.`,
    why: 'What stands in /*! … */ runs on some servers and not on others, so no plan could say what this file does.',
    next: ['Write the statement itself, without /*! and */; leave out what dumps set and reset around it.'],
    where: locationAt(place, at),
    exit: EXIT.usage,
  })
}

/** `DELIMITER //` is a command of the mysql client. */
export function delimiterCommand(place: TextPlace, at: number): PhasegateError {
  return new PhasegateError({
    code: 'SQL.DELIMITER',
    message: `${lineOf(place.text, at)} is a command of the mysql client, not SQL.`,
    why: 'Bodies of triggers and routines are read as what they are, up to their END, so they need no delimiter of their own.',
    next: ['Remove the DELIMITER lines, and end the body with END;'],
    where: locationAt(place, at),
    exit: EXIT.usage,
  })
}

/** Rows from a file, or from the client, which a migration has not. */
export function loadData(where: SourceLocation): PhasegateError {
  return new PhasegateError({
    code: 'SQL.LOAD_DATA',
    message: 'LOAD DATA cannot stand in a migration.',
    why: 'Its rows stand in a file outside of SQL, so the statement can neither be planned nor run again after a failure.',
    next: ['Write INSERT INTO … VALUES …, or load the rows with the mysql client before the migration.'],
    where,
    exit: EXIT.usage,
  })
}

export function tooComplex(place: TextPlace, at: number): PhasegateError {
  return new PhasegateError({
    code: 'SQL.TOO_COMPLEX',
    message: 'The SQL is nested too deeply to be read.',
    next: ['Split the statement, or shorten its nested blocks.'],
    where: locationAt(place, at),
    exit: EXIT.usage,
  })
}

/** What is not known is not guessed: a clause decides what is locked and for how long. */
export function unknownClause(place: TextPlace, at: number, clause: string, why?: string): PhasegateError {
  return new PhasegateError({
    code: 'SQL.CLAUSE',
    message: `This part of a statement is not known here: ${shortened(clause)}.`,
    why: why ?? 'What a statement locks, and for how long, is read from its clauses, and nothing of it is guessed.',
    next: [
      'Write it in another way: one clause a statement, each as the manual writes it.',
      'Where there is none, run it from ops.run(version, …), which plan shows as opaque.',
    ],
    where: locationAt(place, at),
    exit: EXIT.usage,
  })
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length > 80 ? `${line.slice(0, 77)}…` : line
}

function lineOf(text: string, at: number): string {
  const end = text.indexOf('\n', at)
  return text.slice(text.lastIndexOf('\n', at - 1) + 1, end === -1 ? text.length : end).trim()
}

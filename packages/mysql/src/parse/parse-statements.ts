import { commentText, EXIT, isComment, isDirective, lineCounter, PhasegateError } from '@phasegate/core'
import { parseSql } from './parse-sql.js'
import { delimiterCommand, type TextPlace } from './sql-errors.js'
import { takeStatement } from './statement-end.js'
import type { ParsedStatement } from './statement-tree.js'
import { TokenReader } from './token-reader.js'
import { readTokens, type Token } from './tokens.js'

export type { ParsedStatement } from './statement-tree.js'

/** Tokens of one statement, and the semicolon behind it; the last statement of a text may have none. */
interface Span {
  readonly tokens: readonly Token[]
  readonly semicolon: Token | undefined
}

/**
 * Splits a text into statements where the server does: strings, comments, names and the bodies of triggers and routines
 * hold as many semicolons as they like, without DELIMITER.
 *
 * @param firstLine line of the file at which the text begins
 * @throws `SQL.SYNTAX`, `SQL.CHARACTER`, `SQL.VERSION_COMMENT`, `SQL.DELIMITER`, `SQL.TOO_COMPLEX`; `SQL.CLAUSE` for a
 *   clause that is not known here; `SQL.EMPTY` for a semicolon without a statement; `SQL.STRAY_DIRECTIVE` for a
 *   `-- verbatim` or `-- allow: …` that stands above nothing
 *
 * @example
 * parseStatements('ALTER TABLE a ADD b int; -- why\nDROP TABLE c;', 'x.sql').map((s) => s.text)
 * // ['ALTER TABLE a ADD b int', 'DROP TABLE c']
 */
export function parseStatements(text: string, file: string, firstLine = 1): ParsedStatement[] {
  const place = { text, file, firstLine }
  const tokens = readTokens(text, file, firstLine)
  const spans = spansOf(place, tokens)
  const lineAt = lineCounter(text)
  const line = (at: number): number => firstLine - 1 + lineAt(at)
  const comments = assignComments(spans, tokens, file, line)
  return spans.map(({ tokens: own }, index) => {
    const start = own[0]!.start
    return {
      text: text.slice(start, own.at(-1)!.end),
      node: parseSql(place, own),
      file,
      line: line(start),
      comments: comments[index]!,
    }
  })
}

function spansOf(place: TextPlace, tokens: readonly Token[]): Span[] {
  const reader = new TokenReader(
    place,
    tokens.filter((token) => !isComment(token)),
  )
  const spans: Span[] = []
  while (!reader.ended) {
    if (reader.is(';')) throw emptyStatement(place, reader.next())
    if (reader.is('DELIMITER')) throw delimiterCommand(place, reader.position())
    const from = reader.at
    takeStatement(reader)
    const semicolon = reader.peek()
    spans.push({ tokens: reader.tokens.slice(from, reader.at), semicolon })
    reader.at++
  }
  return spans
}

/** A comment belongs to the statement on whose last line it stands, or that it stands in; else to the next one. */
function assignComments(
  spans: readonly Span[],
  tokens: readonly Token[],
  file: string,
  line: (at: number) => number,
): string[][] {
  const comments = spans.map((): string[] => [])
  let next = 0
  for (const token of tokens) {
    while (next < spans.length && spans[next]!.tokens[0]!.start < token.start) next++
    if (token.kind !== 'line comment') continue
    const before = spans[next - 1]
    if (before !== undefined && token.start < before.tokens.at(-1)!.end) continue
    const own = before !== undefined && (isBefore(token, before.semicolon) || endsOn(before, line(token.start), line))
    const owner = own ? next - 1 : next
    if (owner < spans.length) comments[owner]!.push(commentText(token))
    else assertNoDirective(commentText(token), file, line(token.start))
  }
  return comments
}

function isBefore(comment: Token, semicolon: Token | undefined): boolean {
  return semicolon !== undefined && comment.start < semicolon.start
}

function endsOn({ tokens, semicolon }: Span, wanted: number, line: (at: number) => number): boolean {
  return line((semicolon ?? tokens.at(-1)!).end) === wanted
}

function assertNoDirective(comment: string, file: string, line: number): void {
  if (!isDirective(comment)) return
  throw new PhasegateError({
    code: 'SQL.STRAY_DIRECTIVE',
    message: `-- ${comment} stands above no statement.`,
    next: ['Put it on a line of its own directly above the statement that it speaks of.'],
    where: { file, line },
    exit: EXIT.usage,
  })
}

function emptyStatement({ text, file, firstLine }: TextPlace, semicolon: Token): PhasegateError {
  return new PhasegateError({
    code: 'SQL.EMPTY',
    message: 'There is a semicolon without a statement before it.',
    why: 'An empty statement is most often the trace of one that was deleted by half.',
    next: ['Remove the semicolon, or write the statement.'],
    where: { file, line: firstLine - 1 + lineCounter(text)(semicolon.start) },
    exit: EXIT.usage,
  })
}

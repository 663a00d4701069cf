import {
  commentText,
  EXIT,
  isComment,
  isDirective,
  PhasegateError,
  type ParsedStatement as StatementText,
  type Token,
} from '@phasegate/core'
import type { Node } from 'libpg-query'
import { parseSql } from './parse-sql.js'
import { type SourceText, sourceText } from './source-text.js'
import { readTokens } from './tokens.js'
import { walkAst } from './walk-ast.js'

/** One statement of a file, with its syntax tree. */
export interface ParsedStatement extends StatementText {
  /** Every `location` in it is a UTF-16 index into `text`. */
  readonly node: Node
}

interface Span {
  readonly node: Node
  readonly start: number
  /** Where its semicolon stands, or the end of the text. */
  readonly limit: number
  /** End of its last token that is not a comment. */
  end: number
  /** Line on which it ends, its semicolon included. */
  lastLine: number
  terminated: boolean
  /** The last statement of a text, without a semicolon. */
  readonly unfinished: boolean
  readonly comments: string[]
}

/**
 * Splits a text into statements where PostgreSQL's grammar does: strings, dollar quotes, nested comments and the bodies
 * of SQL functions hold as many semicolons as they like.
 *
 * @param firstLine line of the file at which the text begins
 * @throws `SQL.SYNTAX` and the other codes of `parseSql`; `SQL.EMPTY` for a semicolon without a statement;
 *   `SQL.STRAY_DIRECTIVE` for a `-- verbatim` or `-- allow: …` that stands above nothing
 *
 * @example
 * parseStatements('ALTER TABLE a ADD b int; -- why\nDROP TABLE c;', 'x.sql').map((s) => s.text)
 * // ['ALTER TABLE a ADD b int', 'DROP TABLE c']
 */
export function parseStatements(text: string, file: string, firstLine = 1): ParsedStatement[] {
  const raw = parseSql(text, file, firstLine)
  const source = sourceText(text)
  const spans: Span[] = raw.flatMap(({ stmt, stmt_location = 0, stmt_len = 0 }) => {
    if (stmt === undefined) return []
    const start = source.indexOfByte(stmt_location)
    const unfinished = stmt_len === 0
    const limit = unfinished ? text.length : source.indexOfByte(stmt_location + stmt_len)
    return [{ node: stmt, start, limit, end: start, lastLine: 0, terminated: false, unfinished, comments: [] }]
  })
  assignTokens(spans, readTokens(text, file, firstLine), source, file, firstLine)
  return spans.map((span) => {
    relocate(span, source)
    return {
      text: text.slice(span.start, span.end),
      node: span.node,
      file,
      line: firstLine - 1 + source.lineAt(span.start),
      comments: span.comments,
    }
  })
}

/** One pass over the tokens: where each statement really ends, its semicolon, and which comments are its own. */
function assignTokens(spans: Span[], tokens: readonly Token[], source: SourceText, file: string, firstLine: number) {
  let index = 0
  let before: Span | undefined
  let trailing: Token[] = []
  const leave = (span: Span): void => {
    for (const comment of trailing) keepComment(comment, span.unfinished ? undefined : span, span)
    trailing = []
    before = span
    index++
  }
  const keepComment = (comment: Token, owner: Span | undefined, lineOwner: Span | undefined): void => {
    if (comment.kind !== 'line comment') return
    const line = source.lineAt(comment.start)
    const taker = lineOwner?.lastLine === line ? lineOwner : owner
    if (taker === undefined) assertNoDirective(commentText(comment), file, firstLine - 1 + line)
    else taker.comments.push(commentText(comment))
  }
  for (const token of tokens) {
    while (index < spans.length && token.start >= spans[index]!.limit) leave(spans[index]!)
    const current = spans[index]
    const inside = current !== undefined && token.start >= current.start
    if (isComment(token)) {
      if (inside) trailing.push(token)
      else keepComment(token, current, before)
    } else if (inside) {
      trailing = []
      current.end = token.end
      current.lastLine = source.lineAt(token.end)
    } else {
      const line = source.lineAt(token.start)
      if (before === undefined || before.terminated) throw emptyStatement(file, firstLine - 1 + line)
      before.terminated = true
      before.lastLine = line
    }
  }
  if (index < spans.length) leave(spans[index]!)
}

function relocate(span: Span, source: SourceText): void {
  walkAst(span.node, (value) => {
    if (typeof value.location !== 'number' || value.location < 0) return
    value.location = source.indexOfByte(value.location) - span.start
  })
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

function emptyStatement(file: string, line: number): PhasegateError {
  return new PhasegateError({
    code: 'SQL.EMPTY',
    message: 'There is a semicolon without a statement before it.',
    why: 'An empty statement is most often the trace of one that was deleted by half.',
    next: ['Remove the semicolon, or write the statement.'],
    where: { file, line },
    exit: EXIT.usage,
  })
}

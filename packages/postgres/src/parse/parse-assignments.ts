import { EXIT, PhasegateError } from '@phasegate/core'
import type { UpdateStmt } from 'libpg-query'
import { findToken, splitAtCommas, textOf } from './clauses.js'
import type { ParsedStatement } from './parse-statements.js'
import { isComment, readTokens } from './tokens.js'

export interface Assignment {
  readonly column: string
  /** The expression as it was written. */
  readonly expression: string
}

/** Why an assignment cannot be taken apart. */
export type Refuse = (reason: string, next: string) => PhasegateError

/**
 * Takes `SET a = …, b = … [WHERE …]` of an UPDATE apart, with the text of each expression as it was written.
 *
 * @param refuse makes the error for assignments of a form that has no single expression
 */
export function parseAssignments(
  statement: Pick<ParsedStatement, 'text' | 'line'>,
  update: UpdateStmt,
  file: string,
  refuse: Refuse,
): { readonly set: readonly Assignment[]; readonly where?: string } {
  const tokens = readTokens(statement.text, file, statement.line).filter((token) => !isComment(token))
  const set = findToken(tokens, 'SET')
  const where = update.whereClause === undefined ? tokens.length : findToken(tokens, 'WHERE', set)
  const parts = splitAtCommas(tokens.slice(set + 1, where))
  const targets = update.targetList ?? []
  const assignments = targets.map((node, index) => {
    const target = 'ResTarget' in node ? node.ResTarget : {}
    const written = parts[index] ?? []
    if (target.val !== undefined && 'MultiAssignRef' in target.val) {
      throw refuse('it assigns several columns at once, (a, b) = (…)', 'Write a = …, b = … instead.')
    }
    if (target.indirection !== undefined) {
      throw refuse(
        `it assigns a part of ${target.name}, which has no expression for the whole column`,
        'Write the whole value, for example settings = jsonb_set(settings, …).',
      )
    }
    if (target.val !== undefined && 'SetToDefault' in target.val) {
      throw refuse(`it sets ${target.name} to DEFAULT, which cannot be compared afterwards`, 'Write the value itself.')
    }
    const equals = findToken(written, '=')
    return { column: target.name ?? '', expression: textOf(statement.text, written.slice(equals + 1)) }
  })
  if (parts.length !== targets.length) throw unreadable(file, statement.line)
  const twice = assignments.find(
    ({ column }, index) => assignments.findIndex((other) => other.column === column) < index,
  )
  if (twice !== undefined) throw refuse(`it assigns ${twice.column} twice`, 'Keep one of the two.')
  if (update.whereClause === undefined) return { set: assignments }
  return { set: assignments, where: textOf(statement.text, tokens.slice(where + 1)) }
}

/** Tokens and syntax tree do not agree: nothing is guessed then. */
function unreadable(file: string, line: number): PhasegateError {
  return new PhasegateError({
    code: 'SQL.UNREADABLE',
    message: 'The assignments of this UPDATE could not be told apart.',
    next: [
      'Please report the statement. Until then, write one assignment a line in plain form: column = (expression).',
    ],
    where: { file, line },
    exit: EXIT.usage,
  })
}

import { type Assignment, EXIT, findToken, isComment, PhasegateError, splitAtCommas, textOf } from '@phasegate/core'
import type { UpdateStmt } from 'libpg-query'
import { type ParsedStatement, parseStatements } from './parse-statements.js'
import { readTokens } from './tokens.js'

/** Why an assignment cannot be taken apart. */
type Refuse = (reason: string, next: string) => PhasegateError

/**
 * Reads `a = …, b = …`, which the grammar of an UPDATE takes apart.
 *
 * @param refuse makes the error; without a `next` it says how such a line is written
 */
export function parseAssignments(
  text: string,
  file: string,
  line: number,
  refuse: (reason: string, next?: string) => PhasegateError,
): readonly Assignment[] {
  const [statement, second] = parseStatements(`UPDATE t SET ${text}`, file, line)
  const update = statement !== undefined && 'UpdateStmt' in statement.node ? statement.node.UpdateStmt : undefined
  if (statement === undefined || update === undefined || second !== undefined) throw refuse('it is not one')
  if (update.fromClause ?? update.returningClause ?? update.whereClause) {
    throw refuse('it holds more than column = expression')
  }
  return assignmentsOf(statement, update, file, refuse).set
}

/**
 * Takes `SET a = …, b = … [WHERE …]` of an UPDATE apart, with the text of each expression as it was written.
 *
 * @param refuse makes the error for assignments of a form that has no single expression
 */
export function assignmentsOf(
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

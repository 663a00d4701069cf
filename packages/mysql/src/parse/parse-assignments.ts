import { type Assignment, isComment, type PhasegateError, splitAtCommas, textOf } from '@phasegate/core'
import { nameOf, readTokens, type Token, wordOf } from './tokens.js'

/** Why an assignment cannot be taken apart. */
export type Refuse = (reason: string, next: string) => PhasegateError

/**
 * Takes `a = …, b = …` apart, with the text of each expression as it was written.
 *
 * @param refuse makes the error for assignments of a form that has no single expression
 */
export function parseAssignments(text: string, file: string, line: number, refuse: Refuse): readonly Assignment[] {
  const tokens = readTokens(text, file, line).filter((token) => !isComment(token))
  return readAssignments(text, tokens, refuse)
}

/** The same for tokens of a longer text. */
export function readAssignments(text: string, tokens: readonly Token[], refuse: Refuse): readonly Assignment[] {
  const assignments = splitAtCommas(tokens).map((part) => readAssignment(text, part as Token[], refuse))
  const twice = assignments.find(
    ({ column }, index) => assignments.findIndex((each) => sameColumn(each.column, column)) < index,
  )
  if (twice !== undefined) throw refuse(`it assigns ${twice.column} twice`, 'Keep one of the two.')
  return assignments
}

/** Names of columns are the same in any case (MySQL Reference Manual, "Identifier Case Sensitivity"). */
function sameColumn(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

function readAssignment(text: string, tokens: readonly Token[], refuse: Refuse): Assignment {
  const equals = tokens.findIndex((token) => token.what === 'symbol' && (token.text === '=' || token.text === ':='))
  const target = tokens.slice(0, equals === -1 ? tokens.length : equals)
  const column = columnIn(target)
  const written = textOf(text, tokens)
  if (target[0]?.text === '(') {
    throw refuse('it assigns several columns at once, (a, b) = (…)', 'Write a = …, b = … instead.')
  }
  const value = tokens.slice(equals + 1)
  if (equals === -1 || column === undefined || value.length === 0) {
    throw refuse(`${written === '' ? 'an assignment is empty' : `${written} is no assignment`}`, 'Write a = …, b = ….')
  }
  if (value.length === 1 && wordOf(value[0]) === 'DEFAULT') {
    throw refuse(`it sets ${column} to DEFAULT, which cannot be compared afterwards`, 'Write the value itself.')
  }
  return { column, expression: textOf(text, value) }
}

/** `a`, `t.a`, `db.t.a`; undefined for anything else. */
function columnIn(tokens: readonly Token[]): string | undefined {
  if (tokens.length % 2 === 0 || tokens.length > 5) return undefined
  const dotted = tokens.every((token, index) => (index % 2 === 0 ? nameOf(token) !== undefined : token.text === '.'))
  return dotted ? nameOf(tokens.at(-1)) : undefined
}

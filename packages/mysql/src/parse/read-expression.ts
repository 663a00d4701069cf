import { EXIT, type ExpressionFacts, isComment, PhasegateError } from '@phasegate/core'
import { functionKind } from './functions.js'
import { readQuery } from './read-query.js'
import { syntaxError, type TextPlace } from './sql-errors.js'
import { readTokens, type Token } from './tokens.js'

export type { ExpressionFacts } from '@phasegate/core'

/**
 * Reads one expression from its tokens. A stored function is taken as it is; a user variable counts as volatile, since
 * only the session knows what it holds.
 *
 * @param text the expression alone: `verified_at IS NOT NULL`
 * @throws `SQL.SYNTAX`; `SQL.EXPRESSION` where it is not exactly one expression
 */
export function readExpression(text: string, file: string, line = 1): ExpressionFacts {
  const tokens = readTokens(text, file, line).filter((token) => !isComment(token))
  assertBalanced({ text, file, firstLine: line }, tokens)
  const facts = readQuery(tokens)
  if (!facts.isExpression) throw noExpression(text, file, line)
  return {
    columns: facts.columns,
    volatile:
      facts.hasVariable || facts.takesNumber || facts.functions.some((name) => functionKind(name) === 'volatile'),
    perTransaction: facts.perTransaction,
    hasSubquery: facts.hasSubquery,
    schemaQualified: facts.schemaQualified,
  }
}

function assertBalanced(place: TextPlace, tokens: readonly Token[]): void {
  const open: Token[] = []
  for (const token of tokens) {
    if (token.what !== 'symbol') continue
    if (token.text === '(') open.push(token)
    else if (token.text === ')' && open.pop() === undefined) {
      throw syntaxError(place, token.start, 'a closing bracket has no partner')
    }
  }
  const last = open.at(-1)
  if (last !== undefined) throw syntaxError(place, last.start, 'a bracket is not closed')
}

function noExpression(text: string, file: string, line: number): PhasegateError {
  return new PhasegateError({
    code: 'SQL.EXPRESSION',
    message: `This is not one SQL expression: ${text.trim()}`,
    next: ['Write one expression, for example verified_at IS NOT NULL.'],
    where: { file, line },
    exit: EXIT.usage,
  })
}

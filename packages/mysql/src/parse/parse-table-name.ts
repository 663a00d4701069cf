import { isComment, isPhasegateError, type QualifiedName } from '@phasegate/core'
import { TokenReader } from './token-reader.js'
import { readTokens } from './tokens.js'

/** Reads `users` or `billing.invoice`; undefined where the text is not one table name. */
export function parseTableName(text: string, file: string, line: number): QualifiedName | undefined {
  try {
    const tokens = readTokens(text, file, line).filter((token) => !isComment(token))
    const reader = new TokenReader({ text, file, firstLine: line }, tokens)
    const name = reader.qualifiedName()
    return reader.ended ? name : undefined
  } catch (error) {
    if (isPhasegateError(error)) return undefined
    throw error
  }
}

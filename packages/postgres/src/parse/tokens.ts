import { isComment, type Token } from '@phasegate/core'
import { assertCharacters, parseSql } from './parse-sql.js'
import { parser } from './parser.js'
import { sourceText } from './source-text.js'

/**
 * Reads a text with PostgreSQL's scanner, so that quotes, dollar quotes and nested comments are what they are on the
 * server.
 *
 * @throws `SQL.SYNTAX` where the text cannot be scanned: an unterminated quote or comment; `SQL.CHARACTER`
 */
export function readTokens(text: string, file: string, firstLine = 1): readonly Token[] {
  if (text.trim() === '') return []
  assertCharacters(text, file, firstLine)
  const source = sourceText(text)
  return scan(text, file, firstLine).map(({ start, end, tokenName, keywordKind }) => {
    const from = source.indexOfByte(start)
    const to = source.indexOfByte(end)
    const written = text.slice(from, to)
    const token = { start: from, end: to, text: written, kind: kindOf(tokenName, written) }
    return isKeyword(keywordKind) ? { ...token, keyword: written.toUpperCase() } : token
  })
}

function scan(
  text: string,
  file: string,
  firstLine: number,
): ReturnType<ReturnType<typeof parser>['scanSync']>['tokens'] {
  try {
    return parser().scanSync(withoutControlCharacters(text)).tokens
  } catch (error) {
    // The scanner's own message is lost on the way here (it is not JSON); the parser stops at the same place and says why.
    parseSql(text, file, firstLine)
    throw error
  }
}

/** libpg-query writes control characters into its JSON unescaped; a blank of the same width keeps every offset. */
function withoutControlCharacters(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
  return text.replace(/[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]/g, ' ')
}

function kindOf(tokenName: string, written: string): Token['kind'] {
  if (tokenName === 'SQL_COMMENT') return 'line comment'
  if (tokenName === 'C_COMMENT') return 'block comment'
  return /^[\p{L}\p{N}_"'$]/u.test(written) ? 'word' : 'symbol'
}

/** The kind arrives as the number of the enum `KeywordKind`, whatever the typings call it. */
function isKeyword(kind: unknown): boolean {
  return typeof kind === 'number' && kind > 0
}

/**
 * The SQL without comments and with one blank between tokens, for the fingerprint: a reformatted or commented file is
 * the same file.
 */
export function canonicalSql(text: string, file: string): string {
  return readTokens(text, file)
    .filter((token) => !isComment(token))
    .map((token) => (token.keyword === undefined ? token.text : token.text.toLowerCase()))
    .join(' ')
}

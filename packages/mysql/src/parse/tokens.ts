import { type Token as CoreToken, isComment } from '@phasegate/core'
import { RESERVED_WORDS } from '../reserved-words.js'
import { KEYWORDS } from './keywords.js'
import { assertCharacters, syntaxError, type TextPlace, versionComment } from './sql-errors.js'

/** One token of MySQL's and MariaDB's SQL. Positions are UTF-16 indexes into the text. */
export interface Token extends CoreToken {
  /** `variable`: `@a`, `@@sql_mode`, and the host of an account. `number` has `0x…` and `b'…'` too. */
  readonly what: 'name' | 'quoted name' | 'string' | 'number' | 'variable' | 'symbol' | 'comment'
}

const BLANK = /[ \t\n\v\f\r]+/y
const NAME = /[0-9A-Za-z_$\u0080-\uffff]+/y
/** Two dashes begin a comment only before a blank, a control character or the end (MySQL Reference Manual, "Comments"). */
const LINE_COMMENT = /(?:#|--(?=[\0- \x7f]|$))[^\n]*/y
const FRACTION = /\d*(?:\.\d*)?(?:[eE][+-]?\d+)?/y
const OPERATOR = /<=>|->>|:=|<=|>=|<>|!=|\|\||&&|<<|>>|->/y

/**
 * Reads a text as the scanners of MySQL and MariaDB do, with ANSI_QUOTES and NO_BACKSLASH_ESCAPES off, as our sessions
 * have them (MySQL Reference Manual, "Language Structure").
 *
 * @throws `SQL.SYNTAX` for an unterminated quote or comment; `SQL.VERSION_COMMENT`; `SQL.CHARACTER`
 */
export function readTokens(text: string, file: string, firstLine = 1): readonly Token[] {
  const place = { text, file, firstLine }
  assertCharacters(place)
  const tokens: Token[] = []
  for (let at = skipBlanks(text, 0); at < text.length; ) {
    const token = nextToken(place, at, tokens.at(-1))
    tokens.push(token)
    at = skipBlanks(text, token.end)
  }
  return tokens
}

function skipBlanks(text: string, at: number): number {
  return at + (matchAt(BLANK, text, at)?.length ?? 0)
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

function nextToken(place: TextPlace, at: number, before: Token | undefined): Token {
  const { text } = place
  const character = text[at]!
  const comment = matchAt(LINE_COMMENT, text, at)
  if (comment !== undefined) return { ...piece(text, at, at + comment.length), kind: 'line comment', what: 'comment' }
  if (text.startsWith('/*', at)) return blockComment(place, at)
  if (character === "'" || character === '"') return word(text, at, quoteEnd(place, at), 'string')
  if (character === '`') return word(text, at, quoteEnd(place, at), 'quoted name')
  if (character === '@') return variable(place, at)
  const name = matchAt(NAME, text, at)
  if (name !== undefined) return nameOrNumber(place, at, name, before)
  if (character === '.' && isDigit(text[at + 1]) && !joins(before, at)) {
    return word(text, at, at + matchAt(FRACTION, text, at)!.length, 'number')
  }
  if (character === '\\') {
    const next = 'Remove it; \\G and the like are commands of the mysql client, and \\N is written NULL.'
    throw syntaxError(place, at, 'a backslash stands outside of a string', next)
  }
  const operator = matchAt(OPERATOR, text, at) ?? character
  return { ...piece(text, at, at + operator.length), kind: 'symbol', what: 'symbol' }
}

/** Behind a dot everything is a name: `t.1a`, `t.select`. */
function joins(before: Token | undefined, at: number): boolean {
  return before !== undefined && before.end === at && (before.what === 'name' || before.what === 'quoted name')
}

function nameOrNumber(place: TextPlace, at: number, name: string, before: Token | undefined): Token {
  const { text } = place
  if (before?.text === '.' && before.end === at) return word(text, at, at + name.length, 'name')
  if (text[at + name.length] === "'" && /^[xXbBnN]$/.test(name)) {
    const what = /^[nN]$/.test(name) ? 'string' : 'number'
    return word(text, at, quoteEnd(place, at + 1), what)
  }
  if (/^0x[\da-fA-F]+$|^0b[01]+$/.test(name)) return word(text, at, at + name.length, 'number')
  // `1e5`, and `1e` before `+5`; a name may begin with a digit, too (`1a`, `2e`).
  if (/^\d+(?:[eE]\d*)?$/.test(name)) {
    const number = matchAt(FRACTION, text, at)!
    if (number.length >= name.length) return word(text, at, at + number.length, 'number')
  }
  if (name.startsWith('$')) {
    const why = 'a name that begins with $ is a quote to some servers and a name to others'
    throw syntaxError(place, at, why, 'Write such a name in backticks; write a text in single quotes.')
  }
  const token = word(text, at, at + name.length, 'name')
  const keyword = name.toUpperCase()
  return KEYWORDS.has(keyword) ? { ...token, keyword } : token
}

/** The name behind an `@` may be quoted in all three ways. */
function variable(place: TextPlace, at: number): Token {
  const { text } = place
  const from = text.startsWith('@@', at) ? at + 2 : at + 1
  if (/['"`]/.test(text[from] ?? '')) return word(text, at, quoteEnd(place, from), 'variable')
  const name = /[0-9A-Za-z_$.\u0080-\uffff]*/y
  return word(text, at, from + matchAt(name, text, from)!.length, 'variable')
}

function blockComment(place: TextPlace, at: number): Token {
  const { text } = place
  if (/^\/\*M?!/.test(text.slice(at, at + 4))) throw versionComment(place, at)
  const end = text.indexOf('*/', at + 2)
  if (end === -1) throw syntaxError(place, at, 'a comment is not closed with */')
  return { ...piece(text, at, end + 2), kind: 'block comment', what: 'comment' }
}

/** The index behind a quoted text. The quote is doubled inside, or, in a string, written behind a backslash. */
function quoteEnd(place: TextPlace, open: number): number {
  const { text } = place
  const quote = text[open]!
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] === '\\' && quote !== '`') at++
    else if (text[at] === quote && text[at + 1] === quote) at++
    else if (text[at] === quote) return at + 1
  }
  throw syntaxError(place, open, quote === '`' ? 'a name in backticks is not closed' : 'a string is not closed')
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9'
}

function word(text: string, start: number, end: number, what: Token['what']): Token {
  return { ...piece(text, start, end), kind: 'word', what }
}

function piece(text: string, start: number, end: number): { start: number; end: number; text: string } {
  return { start, end, text: text.slice(start, end) }
}

/** The name that a token stands for; undefined for one that is none. */
export function nameOf(token: Token | undefined): string | undefined {
  if (token?.what === 'quoted name') return token.text.slice(1, -1).replaceAll('``', '`')
  return token?.what === 'name' ? token.text : undefined
}

/** An unquoted word in capitals, whether the server reserves it or not. */
export function wordOf(token: Token | undefined): string | undefined {
  return token?.what === 'name' ? token.text.toUpperCase() : undefined
}

const PLAIN_NAME = /^[A-Za-z_][0-9A-Za-z_]*$/

/**
 * The SQL without comments and with one blank between tokens, for the fingerprint: a reformatted or commented file is
 * the same file, and so is one that writes `` `users` `` for `users`.
 */
export function canonicalSql(text: string, file: string): string {
  return readTokens(text, file)
    .filter((token) => !isComment(token))
    .map(canonicalToken)
    .join(' ')
}

function canonicalToken(token: Token): string {
  const name = nameOf(token)
  if (name === undefined) return token.text
  const keyword = name.toUpperCase()
  const quoted = token.what === 'quoted name'
  if (quoted && (!PLAIN_NAME.test(name) || RESERVED_WORDS.has(name.toLowerCase()))) return token.text
  return KEYWORDS.has(keyword) ? name.toLowerCase() : name
}

import type { QualifiedName } from '@phasegate/core'
import { RESERVED_BY_BOTH } from './keywords.js'
import { syntaxError, type TextPlace, tooComplex, unknownClause } from './sql-errors.js'
import { nameOf, type Token, wordOf } from './tokens.js'

/** Steps through the tokens of a statement (without its comments). Words match unquoted, in any case. */
export class TokenReader {
  readonly place: TextPlace
  readonly tokens: readonly Token[]
  at = 0

  constructor(place: TextPlace, tokens: readonly Token[]) {
    this.place = place
    this.tokens = tokens
  }

  get ended(): boolean {
    return this.at >= this.tokens.length
  }

  peek(ahead = 0): Token | undefined {
    return this.tokens[this.at + ahead]
  }

  /** Do the next tokens read so? Words in capitals, symbols as they are. */
  is(...wanted: readonly string[]): boolean {
    return wanted.every((each, index) => reads(this.peek(index), each))
  }

  accept(...wanted: readonly string[]): boolean {
    const found = this.is(...wanted)
    if (found) this.at += wanted.length
    return found
  }

  /** Takes one of these words or symbols, and says which. */
  acceptAny(...wanted: readonly string[]): string | undefined {
    return wanted.find((each) => this.accept(each))
  }

  expect(...wanted: readonly string[]): void {
    if (!this.accept(...wanted)) throw this.expected(wanted.join(' '))
  }

  next(): Token {
    const token = this.peek()
    if (token === undefined) throw this.expected('more')
    this.at++
    return token
  }

  /** A name, unless it is a word that no server takes for one; undefined (and nothing taken) where there is none. */
  optionalName(): string | undefined {
    const token = this.peek()
    const name = nameOf(token)
    if (name === undefined || (token?.what === 'name' && RESERVED_BY_BOTH.has(wordOf(token)!) && !this.isBehindDot())) {
      return undefined
    }
    this.at++
    return name
  }

  name(): string {
    const name = this.optionalName()
    if (name === undefined) throw this.expected('a name')
    return name
  }

  /** `users`, `billing.invoice`; MySQL's `.users` is the same as `users`. */
  qualifiedName(): QualifiedName {
    this.accept('.')
    const first = this.name()
    if (!this.accept('.')) return { name: first }
    return { schema: first, name: this.name() }
  }

  /** The tokens between this opening bracket and its partner, taken with both. */
  brackets(): Token[] {
    this.expect('(')
    const inside: Token[] = []
    for (let depth = 1; ; ) {
      const token = this.next()
      if (reads(token, '(')) depth++
      if (reads(token, ')')) depth--
      if (depth === 0) return inside
      inside.push(token)
    }
  }

  /** The text from that token to the last one taken. */
  textFrom(index: number): string {
    const first = this.tokens[index]
    const last = this.tokens[this.at - 1]
    if (first === undefined || last === undefined || this.at <= index) return ''
    return this.place.text.slice(first.start, last.end)
  }

  /** A reader of some of these tokens, with its own position. */
  within(tokens: readonly Token[]): TokenReader {
    return new TokenReader(this.place, tokens)
  }

  position(): number {
    return this.peek()?.start ?? this.tokens.at(-1)?.end ?? 0
  }

  expected(what: string): Error {
    const found = this.peek()?.text
    const said = found === undefined ? `${what} is missing at the end` : `${what} is expected before ${shown(found)}`
    return syntaxError(this.place, this.position(), said)
  }

  /** `SQL.CLAUSE` for the rest of these tokens, or from that one on. */
  unknown(from = this.at, why?: string): Error {
    const first = this.tokens[Math.min(from, this.tokens.length - 1)]
    const last = this.tokens.at(-1)
    const text = first === undefined || last === undefined ? '' : this.place.text.slice(first.start, last.end)
    return unknownClause(this.place, first?.start ?? 0, text, why)
  }

  tooDeep(): Error {
    return tooComplex(this.place, this.position())
  }

  private isBehindDot(): boolean {
    return this.tokens[this.at - 1]?.text === '.'
  }
}

function reads(token: Token | undefined, wanted: string): boolean {
  if (token === undefined) return false
  return token.what === 'name' ? wordOf(token) === wanted : token.what === 'symbol' && token.text === wanted
}

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 37)}…` : text
}

import type { QualifiedName } from '@phasegate/core'
import { RESERVED_BY_BOTH } from './keywords.js'
import type { QueryFacts } from './statement-tree.js'
import { nameOf, type Token, wordOf } from './tokens.js'

/** Where a name stands decides what it names. `skip`: none that matters (FOR UPDATE OF t, the type of a CAST). */
type Mode = 'expression' | 'list' | 'tables' | 'skip'

/** What is inside of one pair of brackets, or outside of all. */
interface Level {
  mode: Mode
  /** A SELECT stands here. */
  query: boolean
  /** Between WITH and its query: names are those of its subqueries. */
  names: boolean
  /** The function whose arguments these are, in capitals. */
  readonly call: string | undefined
}

/** Words that read as an operand. */
const OPERANDS = new Set(
  `NULL TRUE FALSE DEFAULT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER LOCALTIME LOCALTIMESTAMP UTC_DATE
  UTC_TIME UTC_TIMESTAMP MAXVALUE ROW_NUMBER`.split(/\s+/),
)

/** Reserved words that are functions too, where a bracket follows. */
const CALLS = new Set('IF LEFT RIGHT REPLACE REPEAT INSERT MOD CHAR CONVERT INTERVAL'.split(' '))

/** Words behind which expressions come again, in a query. */
const CONDITIONS = new Set('WHERE GROUP HAVING ORDER LIMIT SET VALUES ON PROCEDURE WINDOW QUALIFY'.split(' '))

/** The clock, and who asks. `NOW` and the like are functions. */
const PER_TRANSACTION = new Set(
  `CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER LOCALTIME LOCALTIMESTAMP UTC_DATE UTC_TIME UTC_TIMESTAMP
  CURDATE CURTIME NOW SYSDATE USER SESSION_USER SYSTEM_USER CURRENT_ROLE CONNECTION_ID`.split(/\s+/),
)

/** Words that may stand behind an operand outside of brackets, where nothing else but an operator may. */
const BEHIND_OPERAND = new Set(
  `MICROSECOND SECOND MINUTE HOUR DAY WEEK MONTH QUARTER YEAR ESCAPE SOUNDS MEMBER END UNKNOWN AGAINST AT TIME
  ZONE`.split(/\s+/),
)

/** Those units of an interval that are reserved. */
const UNITS = new Set(
  `DAY_HOUR DAY_MICROSECOND DAY_MINUTE DAY_SECOND HOUR_MICROSECOND HOUR_MINUTE HOUR_SECOND MINUTE_MICROSECOND
  MINUTE_SECOND SECOND_MICROSECOND YEAR_MONTH`.split(/\s+/),
)

/** Functions whose first argument may be a unit or a type: `TIMESTAMPDIFF(DAY, a, b)`. */
const FIRST_IS_WORD = new Set('EXTRACT TIMESTAMPADD TIMESTAMPDIFF GET_FORMAT'.split(' '))

/**
 * What an expression or a query names, from its tokens alone (without comments). Only what nobody can take for anything
 * else is left out: where a word might be a column, it counts as one.
 */
export function readQuery(tokens: readonly Token[]): QueryFacts {
  const walk = new QueryWalk(tokens)
  return walk.read()
}

class QueryWalk {
  readonly #tokens: readonly Token[]
  readonly #levels: Level[] = [{ mode: 'expression', query: false, names: false, call: undefined }]
  /** By their names in small letters: a column is the same in any case. */
  readonly #columns = new Map<string, string>()
  readonly #tables: QualifiedName[] = []
  readonly #functions = new Set<string>()
  readonly #named = new Set<string>()
  #at = 0
  /** Did an operand just end? Then a name is an alias or a word like `DAY`, and a star a multiplication. */
  #operand = false
  /** The next name is an alias, a character set or the like. */
  #skipNext = false
  #nextCall: string | undefined
  #nextMode: Mode | undefined
  #hasSubquery = false
  #hasVariable = false
  #locksRows = false
  #perTransaction = false
  #takesNumber = false
  #schemaQualified: string | undefined
  #isExpression = true

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  read(): QueryFacts {
    while (this.#at < this.#tokens.length) this.#step(this.#tokens[this.#at]!)
    return {
      columns: [...this.#columns.values()],
      tables: this.#tables.filter(({ schema, name }) => schema !== undefined || !this.#named.has(name)),
      functions: [...this.#functions],
      hasSubquery: this.#hasSubquery,
      hasVariable: this.#hasVariable,
      locksRows: this.#locksRows,
      perTransaction: this.#perTransaction,
      takesNumber: this.#takesNumber,
      schemaQualified: this.#schemaQualified,
      isExpression: this.#isExpression && this.#operand && this.#levels.length === 1,
    }
  }

  #addColumn(name: string): void {
    const key = name.toLowerCase()
    if (!this.#columns.has(key)) this.#columns.set(key, name)
  }

  get #level(): Level {
    return this.#levels.at(-1)!
  }

  get #outside(): boolean {
    return this.#levels.length === 1
  }

  #peek(ahead = 1): Token | undefined {
    return this.#tokens[this.#at + ahead]
  }

  #step(token: Token): void {
    if (token.what === 'symbol') this.#symbol(token.text)
    else if (token.what === 'name' || token.what === 'quoted name') this.#name(token)
    else this.#literal(token)
    this.#at++
  }

  #literal(token: Token): void {
    if (token.what === 'variable') this.#hasVariable = true
    const before = this.#tokens[this.#at - 1]
    const joined = token.what === 'string' && before?.what === 'string'
    // An alias may be written as a string.
    if (this.#operand && !joined && this.#outside) this.#isExpression = false
    this.#skipNext = false
    this.#operand = true
  }

  #symbol(text: string): void {
    this.#skipNext = false
    if (text === '(') {
      if (this.#operand && this.#nextCall === undefined && this.#outside) this.#isExpression = false
      const inherited = this.#level.mode === 'list' || this.#nextCall !== undefined ? 'expression' : this.#level.mode
      this.#levels.push({ mode: this.#nextMode ?? inherited, query: false, names: false, call: this.#nextCall })
      this.#nextCall = undefined
      this.#nextMode = undefined
      this.#operand = false
    } else if (text === ')') {
      if (this.#outside) this.#isExpression = false
      else this.#levels.pop()
      this.#operand = true
    } else if (text === '*' && this.#isStar()) {
      this.#addColumn('*')
      this.#operand = true
    } else if (text === '*' && this.#level.call === 'COUNT') this.#operand = true
    else {
      if ((text === ',' || text === ';') && this.#outside) this.#isExpression = false
      if (text === ',' && this.#level.query && this.#fromIsOpen()) this.#level.mode = 'tables'
      if (text === ':=') this.#hasVariable = true
      if (!this.#operand && this.#outside && !['-', '+', '!', '~', '{'].includes(text)) this.#isExpression = false
      this.#operand = text === '}'
    }
  }

  /** `SELECT *`; the other stars multiply. */
  #isStar(): boolean {
    return this.#level.query && this.#level.mode === 'list' && !this.#operand
  }

  /** A comma behind `JOIN b ON a.id = b.id` begins the next table. */
  #fromIsOpen(): boolean {
    for (let at = this.#at - 1, depth = 0; at >= 0; at--) {
      const token = this.#tokens[at]!
      if (token.what === 'symbol' && token.text === ')') depth++
      if (token.what === 'symbol' && token.text === '(' && --depth < 0) return false
      const word = depth === 0 ? wordOf(token) : undefined
      if (word === 'FROM') return true
      if (word === 'SELECT' || (word !== 'ON' && word !== undefined && CONDITIONS.has(word))) return false
    }
    return false
  }

  #name(token: Token): void {
    const word = wordOf(token)
    const dotted = isSymbol(this.#peek(), '.')
    if (dotted) this.#dottedName()
    else if (word !== undefined && RESERVED_BY_BOTH.has(word)) this.#reserved(word)
    else this.#plainName(token, word)
  }

  #plainName(token: Token, word: string | undefined): void {
    const name = nameOf(token)!
    const called = isSymbol(this.#peek(), '(')
    if (this.#level.names) {
      this.#named.add(name)
      if (called) this.#nextMode = 'skip'
      this.#operand = false
    } else if (this.#skipNext) this.#passed()
    else if (this.#operand) this.#behindOperand(word)
    else if (called) this.#call(word ?? name.toUpperCase(), token)
    else if (this.#level.mode === 'skip') this.#passed()
    else if (this.#level.mode === 'tables') {
      this.#tables.push({ name })
      this.#passed()
    } else if (word === undefined || !this.#isSyntax(word)) {
      this.#addColumn(name)
      this.#operand = true
    }
  }

  /** A name that says nothing of interest, and ends an operand all the same. */
  #passed(): void {
    this.#skipNext = false
    this.#operand = true
  }

  #behindOperand(word: string | undefined): void {
    // The type behind it, and what ON EMPTY and ON ERROR give, are words and literals.
    if (word === 'RETURNING' && this.#level.call === 'JSON_VALUE') this.#level.mode = 'skip'
    else if (word === 'OFFSET' || word === 'RETURNING') {
      this.#operand = false
      return
    }
    if (this.#outside && (word === undefined || !BEHIND_OPERAND.has(word))) this.#isExpression = false
    // `a ESCAPE '|'`, `a MEMBER OF (b)`, `MATCH (a) AGAINST ('b')`
    this.#operand = !['ESCAPE', 'SOUNDS', 'MEMBER', 'OF', 'AGAINST'].includes(word ?? '')
  }

  #call(name: string, token: Token): void {
    if (token.what === 'name' && name === 'OF') return
    this.#functions.add(name)
    if (PER_TRANSACTION.has(name)) this.#perTransaction = true
    if (name === 'UNIX_TIMESTAMP' && isSymbol(this.#peek(2), ')')) this.#perTransaction = true
    this.#nextCall = name
    this.#operand = false
  }

  /** A word that is free to be a name and is none here; says what follows. */
  #isSyntax(word: string): boolean {
    const next = this.#peek()
    if (next?.what === 'string' && (word.startsWith('_') || ['DATE', 'TIME', 'TIMESTAMP'].includes(word))) return true
    // `_utf8mb4 X'5c'`
    if (next?.what === 'number' && word.startsWith('_')) return true
    const before = this.#tokens[this.#at - 1]
    // `{d '2024-01-01'}`
    if (isSymbol(before, '{')) return true
    if (FIRST_IS_WORD.has(this.#level.call ?? '') && isSymbol(before, '(')) {
      this.#operand = true
      return true
    }
    // `JSON_VALUE(a, '$.b' NULL ON EMPTY ERROR ON ERROR)`
    if (this.#level.call === 'JSON_VALUE' && (word === 'EMPTY' || word === 'ERROR') && !isSymbol(before, '(')) {
      this.#operand = true
      return true
    }
    if (this.#level.call === 'CONVERT' && isSymbol(before, ',')) {
      this.#operand = true
      return true
    }
    if (['NEXT', 'PREVIOUS'].includes(word) && wordOf(next) === 'VALUE' && wordOf(this.#peek(2)) === 'FOR') {
      this.#takesNumber = true
      this.#at += 2
      this.#skipNext = true
      return true
    }
    if (['UNBOUNDED', 'CURRENT'].includes(word) && ['PRECEDING', 'FOLLOWING', 'ROW'].includes(wordOf(next) ?? '')) {
      this.#operand = true
      return true
    }
    if (PER_TRANSACTION.has(word) && word === 'CURRENT_ROLE') this.#perTransaction = true
    return word === 'LATERAL'
  }

  /** `t.c`, `db.t.c`, `t.*`, `db.f(…)`, and in FROM `db.t`. */
  #dottedName(): void {
    const parts = [nameOf(this.#tokens[this.#at])!]
    while (isSymbol(this.#peek(), '.')) {
      const part = this.#peek(2)
      const name = nameOf(part)
      if (name === undefined && !isSymbol(part, '*')) break
      parts.push(name ?? '*')
      this.#at += 2
    }
    const last = parts.at(-1)!
    if (isSymbol(this.#peek(), '(')) {
      this.#call(parts.join('.').toUpperCase(), this.#tokens[this.#at]!)
    } else if (this.#skipNext || this.#level.mode === 'skip') this.#passed()
    else if (this.#level.mode === 'tables') {
      this.#tables.push({ schema: parts.at(-2)!, name: last })
      this.#passed()
    } else {
      if (this.#operand && this.#outside) this.#isExpression = false
      this.#addColumn(last)
      if (parts.length > 2) this.#schemaQualified = parts.join('.')
      this.#operand = true
    }
  }

  #reserved(word: string): void {
    const level = this.#level
    const skips = this.#skipNext
    this.#skipNext = false
    if (OPERANDS.has(word)) {
      if (this.#operand && this.#outside) this.#isExpression = false
      if (PER_TRANSACTION.has(word)) this.#perTransaction = true
      this.#operand = true
      if (isSymbol(this.#peek(), '(')) this.#nextCall = word
      return
    }
    if (CALLS.has(word) && isSymbol(this.#peek(), '(') && level.mode !== 'skip') {
      this.#nextCall = word
      this.#operand = false
      return
    }
    if (skips || level.mode === 'skip' || (this.#operand && UNITS.has(word))) {
      // The type of a CAST, or the character set behind COLLATE: `binary`.
      this.#operand = true
      return
    }
    this.#operand = false
    this.#keyword(word, level)
  }

  #keyword(word: string, level: Level): void {
    if (this.#outside && NO_EXPRESSION.has(word) && !(word === 'VALUES' && isSymbol(this.#peek(), '('))) {
      this.#isExpression = false
    }
    if (word === 'SELECT') {
      this.#hasSubquery = true
      level.query = true
      level.names = false
      level.mode = 'list'
    } else if (word === 'WITH') level.names = level.call === undefined && !level.query
    else if (word === 'FROM' && (level.query || level.call === undefined)) level.mode = 'tables'
    else if (word === 'JOIN' || word === 'STRAIGHT_JOIN') level.mode = 'tables'
    else if (word === 'INTO' || word === 'FOR' || word === 'LOCK') this.#intoOrLock(word, level)
    else if (word === 'USING') {
      if (level.mode === 'tables' && isSymbol(this.#peek(), '(')) this.#nextMode = 'expression'
      else this.#skipNext = true
    } else if (level.mode === 'tables' && ['PARTITION', 'INDEX', 'KEY'].includes(word)) this.#nextMode = 'skip'
    else if (CONDITIONS.has(word) && (level.query || level.mode === 'tables')) level.mode = 'expression'
    else if (word === 'AS') this.#as(level)
    else if (this.#beforeWord(word)) this.#skipNext = true
  }

  /** Does this word have one behind it that is no column: a collation, a window, BOOLEAN MODE? */
  #beforeWord(word: string): boolean {
    const next = wordOf(this.#peek())
    if (word === 'COLLATE' || word === 'OVER') return true
    if (word === 'IS' || (word === 'NOT' && wordOf(this.#tokens[this.#at - 1]) === 'IS')) return next === 'UNKNOWN'
    if (word === 'IN') return next === 'BOOLEAN'
    if (word === 'NATURAL') return next === 'LANGUAGE'
    return word === 'SET' && /^char/i.test(this.#tokens[this.#at - 1]?.text ?? '')
  }

  #intoOrLock(word: string, level: Level): void {
    const next = wordOf(this.#peek())
    if (word === 'FOR' && (next === 'UPDATE' || next === 'SHARE')) this.#locksRows = true
    if (word === 'LOCK' && next === 'IN') this.#locksRows = true
    // `SUBSTRING(a FROM 1 FOR 2)`, `USE INDEX FOR JOIN (i)`
    const locks = word !== 'FOR' || next === 'UPDATE' || next === 'SHARE'
    if (locks && level.call === undefined) level.mode = 'skip'
  }

  #as(level: Level): void {
    if (level.call === 'CAST') level.mode = 'skip'
    else if (!isSymbol(this.#peek(), '(')) this.#skipNext = true
  }
}

/** Words that no expression has outside of brackets. */
const NO_EXPRESSION = new Set(
  `SELECT WITH FROM WHERE SET ORDER GROUP HAVING LIMIT UNION INTO AS VALUES UPDATE DELETE INSERT ALTER CREATE DROP TABLE
  JOIN ON USING FOR ASC DESC PROCEDURE RETURN CALL`.split(/\s+/),
)

function isSymbol(token: Token | undefined, text: string): boolean {
  return token?.what === 'symbol' && token.text === text
}

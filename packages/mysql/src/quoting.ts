import { EXIT, PhasegateError, type Quoting, type SqlValue } from '@phasegate/core'
import { RESERVED_WORDS } from './reserved-words.js'

/** MySQL Reference Manual, "Identifier Length Limits": 64 characters; error 1059 for more. */
export const MAX_IDENTIFIER_LENGTH = 64

/**
 * How MySQL and MariaDB write names and values. Names are quoted only where they must be, since plans are read by people;
 * values are literals that mean the same whatever `sql_mode` is. Dates are written in UTC: our sessions have the time zone
 * +00:00, so that a TIMESTAMP column stores that very instant.
 *
 * @example
 * mysqlQuoting.identifier(['billing', 'order']) // billing.`order`
 * mysqlQuoting.literal("it's") // 'it''s'
 */
export const mysqlQuoting: Quoting = {
  identifier: (names) => {
    if (names.length === 0) throw badIdentifier('', 'it is empty')
    return names.map(quoteName).join('.')
  },
  literal: quoteLiteral,
}

/** One name. Throws `SQL.IDENTIFIER` for one that the server would refuse. */
export function quoteName(name: string): string {
  if (typeof name !== 'string')
    throw badIdentifier(String(name), `it is of type ${name === null ? 'null' : typeof name}`)
  if (name === '') throw badIdentifier(name, 'it is empty')
  if (name.includes('\0')) throw badIdentifier(name, 'it holds a NUL character')
  if (name.endsWith(' ')) throw badIdentifier(name, 'it ends with a space')
  // MySQL Reference Manual, "Schema Object Names": the basic multilingual plane only.
  if (/[\ud800-\udfff]/.test(name)) throw badIdentifier(name, 'it holds a character beyond U+FFFF')
  if (name.length > MAX_IDENTIFIER_LENGTH) {
    throw badIdentifier(name, `it is ${name.length} characters long and the server takes ${MAX_IDENTIFIER_LENGTH}`)
  }
  const plain = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !RESERVED_WORDS.has(name.toLowerCase())
  return plain ? name : `\`${name.replaceAll('`', '``')}\``
}

function quoteLiteral(value: SqlValue): string {
  if (value === null) return 'NULL'
  switch (typeof value) {
    case 'boolean':
      return value ? 'TRUE' : 'FALSE'
    case 'bigint':
      return value.toString()
    case 'number':
      if (!Number.isFinite(value)) throw badValue(String(value), 'a number literal cannot say it')
      // Not in parentheses: `DEFAULT (-1)` is an expression to MySQL, and a comment needs a space behind its dashes.
      return Object.is(value, -0) ? '0' : String(value)
    case 'string':
      return quoteText(value)
    default:
      return value instanceof Date ? `TIMESTAMP${quoteDate(value)}` : quoteBytes(value)
  }
}

/** A backslash means itself only under NO_BACKSLASH_ESCAPES, so a text that holds one (or NUL) is written as its bytes. */
function quoteText(text: string): string {
  // A lone surrogate has no bytes in UTF-8; Node would write another character without a word.
  if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text)) {
    throw badValue('a string with half a character', 'it has no UTF-8 form')
  }
  if (/[\\\0]/.test(text)) return `_utf8mb4 X'${Buffer.from(text).toString('hex')}'`
  return `'${text.replaceAll("'", "''")}'`
}

/** The date without a type before it, as a default wants it (MySQL refuses `DEFAULT TIMESTAMP'…'`: error 1067). */
export function quoteDate(date: Date): string {
  if (Number.isNaN(date.getTime())) throw badValue('an invalid date', 'it has no time')
  const year = date.getUTCFullYear()
  if (year < 1 || year > 9999) throw badValue(date.toISOString(), 'only the years 1 to 9999 are written')
  return `'${date.toISOString().replace('T', ' ').replace('Z', '')}'`
}

function quoteBytes(bytes: unknown): string {
  if (!(bytes instanceof Uint8Array)) throw badValue(`a value of type ${typeof bytes}`, 'it is no SQL value')
  return `X'${Buffer.from(bytes).toString('hex')}'`
}

function badValue(what: string, why: string): PhasegateError {
  return new PhasegateError({
    code: 'SQL.VALUE',
    message: `${what} cannot be written as an SQL literal.`,
    why: `Because ${why}.`,
    next: ['Pass another value, or write the expression itself as SQL.'],
    exit: EXIT.usage,
  })
}

function badIdentifier(name: string, why: string): PhasegateError {
  return new PhasegateError({
    code: 'SQL.IDENTIFIER',
    message: `${JSON.stringify(name.slice(0, 80))} cannot be a name in MySQL or MariaDB: ${why}.`,
    next: ['Give a name of 1 to 64 characters.'],
    meta: { name: name.slice(0, 200) },
    exit: EXIT.usage,
  })
}

import { EXIT, PhasegateError, type Quoting, type SqlValue } from '@phasegate/core'
import { RESERVED_WORDS } from './reserved-words.js'

/** PostgreSQL cuts longer names off with no more than a notice (NAMEDATALEN - 1), so we refuse them. */
export const MAX_IDENTIFIER_BYTES = 63

/**
 * How PostgreSQL writes names and values. Names are quoted only where they must be, since plans are read by people;
 * values are literals that mean the same whatever the session's settings are.
 *
 * @example
 * postgresQuoting.identifier(['billing', 'Invoice']) // billing."Invoice"
 * postgresQuoting.literal("it's") // 'it''s'
 */
export const postgresQuoting: Quoting = {
  identifier: (names) => {
    if (names.length === 0) throw badIdentifier('', 'it is empty')
    return names.map(quoteName).join('.')
  },
  literal: quoteLiteral,
}

/** One name. Throws `SQL.IDENTIFIER` for one that the server would refuse or cut off. */
export function quoteName(name: string): string {
  if (typeof name !== 'string')
    throw badIdentifier(String(name), `it is of type ${name === null ? 'null' : typeof name}`)
  if (name === '') throw badIdentifier(name, 'it is empty')
  if (name.includes('\0')) throw badIdentifier(name, 'it holds a NUL character')
  const bytes = Buffer.byteLength(name)
  if (bytes > MAX_IDENTIFIER_BYTES) {
    throw badIdentifier(name, `it is ${bytes} bytes long and PostgreSQL keeps the first ${MAX_IDENTIFIER_BYTES}`)
  }
  const plain = /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED_WORDS.has(name)
  return plain ? name : `"${name.replaceAll('"', '""')}"`
}

function quoteLiteral(value: SqlValue): string {
  if (value === null) return 'NULL'
  switch (typeof value) {
    case 'boolean':
      return value ? 'true' : 'false'
    case 'bigint':
      return signed(value.toString())
    case 'number':
      if (!Number.isFinite(value)) throw badValue(String(value), 'a number literal cannot say it')
      return signed(Object.is(value, -0) ? '0' : String(value))
    case 'string':
      if (value.includes('\0')) throw badValue('a string with a NUL character', 'PostgreSQL text cannot hold NUL')
      return `'${value.replaceAll("'", "''")}'`
    default:
      return value instanceof Date ? quoteDate(value) : quoteBytes(value)
  }
}

/** In parentheses, because `x-${-1}` would otherwise begin a comment. */
function signed(digits: string): string {
  return digits.startsWith('-') ? `(${digits})` : digits
}

function quoteDate(date: Date): string {
  if (Number.isNaN(date.getTime())) throw badValue('an invalid date', 'it has no time')
  const year = date.getUTCFullYear()
  if (year < 1 || year > 9999) throw badValue(date.toISOString(), 'only the years 1 to 9999 are written')
  return `timestamptz '${date.toISOString()}'`
}

function quoteBytes(bytes: unknown): string {
  if (!(bytes instanceof Uint8Array)) throw badValue(`a value of type ${typeof bytes}`, 'it is no SQL value')
  return `'\\x${Buffer.from(bytes).toString('hex')}'::bytea`
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
    message: `${JSON.stringify(name.slice(0, 80))} cannot be a name in PostgreSQL: ${why}.`,
    next: ['Give a name of 1 to 63 bytes.'],
    meta: { name: name.slice(0, 200) },
    exit: EXIT.usage,
  })
}

import { type DefaultValue, isSqlFragment, renderSql } from '@phasegate/core'
import { mysqlQuoting, quoteDate } from '../quoting.js'
import { bracketed } from './in-brackets.js'

/**
 * A default as it stands behind DEFAULT of a column definition: a literal, a call for the current time, or any other
 * expression in brackets (MySQL Reference Manual, "Data Type Default Values").
 */
export function defaultText(value: DefaultValue): string {
  const text = plainText(value)
  return isLiteral(text) || isCurrentTime(text) ? text : bracketed(text)
}

/** The same behind ALTER COLUMN … SET DEFAULT, where MySQL wants a call for the current time in brackets too (1064). */
export function newDefaultText(value: DefaultValue): string {
  const text = plainText(value)
  return isLiteral(text) ? text : bracketed(text)
}

/** For messages. */
export function plainText(value: DefaultValue): string {
  if (isSqlFragment(value)) return renderSql(value, mysqlQuoting).trim()
  return value instanceof Date ? quoteDate(value) : mysqlQuoting.literal(value)
}

const NUMBER = /[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?/.source
/** In quotes of either kind, as our sessions read them, and put together of several. */
const STRING = /(?:'(?:[^'\\]|''|\\[\s\S])*'|"(?:[^"\\]|""|\\[\s\S])*")/.source
const LITERAL = new RegExp(
  `^(?:${NUMBER}|true|false|null|0x[0-9a-f]+|0b[01]+|(?:_\\w+\\s*)?[xb]'[0-9a-f]*'|(?:_\\w+\\s*|n(?='))?${STRING}(?:\\s*${STRING})*)$`,
  'i',
)

/** One literal, and nothing that the server would have to compute. */
export function isLiteral(text: string): boolean {
  return LITERAL.test(text)
}

export function isCurrentTime(text: string): boolean {
  return /^(?:(?:current_timestamp|localtime|localtimestamp)(?:\s*\(\s*\d*\s*\))?|now\s*\(\s*\d*\s*\))$/i.test(text)
}

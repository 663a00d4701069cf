import { textOf } from '@phasegate/core'
import { readReferences } from './read-references.js'
import type { CheckDefinition, ColumnDefinition, ColumnPart } from './statement-tree.js'
import type { TokenReader } from './token-reader.js'
import type { Token } from './tokens.js'

/** Types of more than one word (MySQL Reference Manual, "Data Types"). */
const LONG_TYPES: readonly (readonly string[])[] = [
  ['NATIONAL', 'CHARACTER', 'VARYING'],
  ['NATIONAL', 'CHAR', 'VARYING'],
  ['NATIONAL', 'VARCHAR'],
  ['NATIONAL', 'VARCHARACTER'],
  ['NATIONAL', 'CHARACTER'],
  ['NATIONAL', 'CHAR'],
  ['NCHAR', 'VARYING'],
  ['NCHAR', 'VARCHAR'],
  ['CHARACTER', 'VARYING'],
  ['CHAR', 'VARYING'],
  ['LONG', 'CHAR', 'VARYING'],
  ['LONG', 'VARCHAR'],
  ['LONG', 'VARBINARY'],
  ['DOUBLE', 'PRECISION'],
]

/** What belongs to the type itself. */
const TYPE_WORDS = ['UNSIGNED', 'SIGNED', 'ZEROFILL', 'BINARY', 'ASCII', 'UNICODE', 'BYTE']

/**
 * A column behind its name: type and attributes, up to the end or to a word that is none of them (FIRST, AFTER), which the
 * caller judges.
 */
export function readColumnDefinition(reader: TokenReader, name: string): ColumnDefinition {
  const start = reader.at
  const serial = reader.is('SERIAL')
  takeType(reader)
  const type = reader.textFrom(start)
  const behind = reader.at
  const parts: ColumnPart[] = []
  for (let part = readPart(reader, name); part !== undefined; part = readPart(reader, name)) parts.push(part)
  const has = (kind: ColumnPart['kind']): boolean => parts.some((part) => part.kind === kind)
  const fallback = parts.find((part) => part.kind === 'default')
  const references = parts.find((part) => part.kind === 'references')?.foreignKey.references
  return {
    name,
    type,
    notNull: has('not null') || has('primary') || serial,
    default: fallback?.value,
    expressionDefault: fallback?.expression === true,
    generated: generatedBy(parts),
    autoIncrement: has('auto increment') || serial,
    unique: has('unique') || serial,
    primary: has('primary'),
    check: has('check'),
    references,
    rest: reader.textFrom(behind),
    parts,
  }
}

function takeType(reader: TokenReader): void {
  const long = LONG_TYPES.find((words) => reader.accept(...words))
  if (long === undefined) {
    const first = reader.peek()
    if (first?.what !== 'name') throw reader.expected('a type')
    reader.at++
  }
  if (reader.is('(')) reader.brackets()
  for (;;) {
    if (reader.acceptAny(...TYPE_WORDS) !== undefined) continue
    const named =
      reader.accept('CHARSET') ||
      reader.accept('CHARACTER', 'SET') ||
      reader.accept('CHAR', 'SET') ||
      reader.accept('COLLATE')
    if (!named) return
    reader.next()
  }
}

function readPart(reader: TokenReader, column: string): ColumnPart | undefined {
  const from = reader.at
  const done = (): string => reader.textFrom(from)
  if (reader.accept('NOT', 'NULL')) return { kind: 'not null', text: done() }
  if (reader.accept('NULL')) return { kind: 'null', text: done() }
  if (reader.accept('DEFAULT')) {
    return { kind: 'default', ...takeDefault(reader), text: done() }
  }
  if (reader.accept('ON', 'UPDATE')) {
    takeValue(reader)
    return { kind: 'on update', text: done() }
  }
  if (reader.accept('AUTO_INCREMENT')) return { kind: 'auto increment', text: done() }
  if (reader.accept('SERIAL', 'DEFAULT', 'VALUE')) return { kind: 'auto increment', text: done() }
  if (reader.accept('UNIQUE')) {
    reader.accept('KEY')
    return { kind: 'unique', text: done() }
  }
  if (reader.accept('PRIMARY', 'KEY') || reader.accept('PRIMARY') || reader.accept('KEY'))
    return { kind: 'primary', text: done() }
  if (reader.is('REFERENCES')) {
    return { kind: 'references', foreignKey: readReferences(reader, undefined, [column]), text: done() }
  }
  if (reader.is('CHECK') || reader.is('CONSTRAINT')) {
    const name = reader.accept('CONSTRAINT') ? reader.optionalName() : undefined
    if (reader.is('REFERENCES')) {
      return { kind: 'references', foreignKey: readReferences(reader, name, [column]), text: done() }
    }
    return { kind: 'check', check: readCheck(reader, name), text: done() }
  }
  if (reader.accept('GENERATED', 'ALWAYS', 'AS', 'ROW') || reader.accept('AS', 'ROW')) {
    if (reader.acceptAny('START', 'END') === undefined) throw reader.expected('START or END')
    return { kind: 'generated', text: done() }
  }
  if (reader.accept('GENERATED', 'ALWAYS', 'AS') || reader.accept('AS')) {
    reader.brackets()
    reader.acceptAny('VIRTUAL', 'STORED', 'PERSISTENT')
    return { kind: 'generated', text: done() }
  }
  const option = takeOption(reader)
  return option === undefined ? undefined : { kind: 'option', option, text: done() }
}

/** `CHECK (…) [[NOT] ENFORCED]` */
export function readCheck(reader: TokenReader, name: string | undefined): CheckDefinition {
  reader.expect('CHECK')
  const expression = textOf(reader.place.text, reader.brackets())
  const enforced = !reader.accept('NOT', 'ENFORCED')
  if (enforced) reader.accept('ENFORCED')
  return { name, expression, enforced }
}

const VALUED = [
  'COMMENT',
  'COLUMN_FORMAT',
  'STORAGE',
  'ENGINE_ATTRIBUTE',
  'SECONDARY_ENGINE_ATTRIBUTE',
  'SRID',
  'REF_SYSTEM_ID',
]

function takeOption(reader: TokenReader): string | undefined {
  const alone = reader.acceptAny('VISIBLE', 'INVISIBLE')
  if (alone !== undefined) return alone
  if (reader.accept('NOT', 'SECONDARY')) return 'NOT SECONDARY'
  if (reader.accept('WITH', 'SYSTEM', 'VERSIONING') || reader.accept('WITHOUT', 'SYSTEM', 'VERSIONING')) {
    return 'SYSTEM VERSIONING'
  }
  if (reader.accept('COMPRESSED')) {
    if (reader.accept('=')) reader.next()
    return 'COMPRESSED'
  }
  const valued = reader.acceptAny(...VALUED, 'COLLATE')
  if (valued === undefined) return undefined
  reader.accept('=')
  reader.next()
  return valued
}

/** VIRTUAL is the default of both servers. */
function generatedBy(parts: readonly ColumnPart[]): ColumnDefinition['generated'] {
  const written = parts.find((part) => part.kind === 'generated')?.text
  if (written === undefined) return undefined
  return /\b(stored|persistent)$/i.test(written) || /\brow\s+(start|end)$/i.test(written) ? 'stored' : 'virtual'
}

/** Operators that a default without parentheses may hold in MariaDB. */
const OPERATORS = ['+', '-', '*', '/', '%', '||', '&', '|', '^', '<<', '>>', 'DIV', 'MOD']

/** The text behind DEFAULT: a literal, `(…)`, CURRENT_TIMESTAMP, and in MariaDB any expression. */
export function takeDefault(reader: TokenReader): { readonly value: string; readonly expression: boolean } {
  const from = reader.at
  do takeValue(reader)
  while (reader.acceptAny(...OPERATORS) !== undefined)
  const value = reader.textFrom(from)
  return { value, expression: !isLiteral(value, reader.tokens.slice(from, reader.at)) }
}

/** One operand: `-1`, `_utf8mb4'x'`, `_utf8mb4 X'5c'`, `'a' 'b'`, `NOW(6)`, `NEXT VALUE FOR s`, `(…)`. */
function takeValue(reader: TokenReader): void {
  while (reader.acceptAny('-', '+', '~', '!') !== undefined);
  if (reader.is('(')) {
    reader.brackets()
    return
  }
  if (reader.accept('NEXT', 'VALUE', 'FOR')) {
    reader.qualifiedName()
    return
  }
  const token = reader.next()
  if (token.kind !== 'word') throw reader.expected('a value')
  if (isPrefix(token) && (reader.peek()?.what === 'string' || reader.peek()?.what === 'number')) reader.at++
  while (reader.peek()?.what === 'string' && reader.peek(-1)?.what === 'string') reader.at++
  while (reader.accept('.')) reader.name()
  if (reader.is('(')) reader.brackets()
}

/** A character set or type in front of a string: `_latin1'x'`, `DATE '2024-01-01'`. */
function isPrefix(token: Token): boolean {
  return token.what === 'name' && (token.text.startsWith('_') || /^(date|time|timestamp)$/i.test(token.text))
}

const CLOCK = /^(current_timestamp|now|localtime|localtimestamp)\s*(\(\s*\d*\s*\))?$/i

/** CURRENT_TIMESTAMP and its synonyms are kept as such, like a literal; everything else is an expression. */
function isLiteral(value: string, tokens: readonly Token[]): boolean {
  if (CLOCK.test(value)) return true
  return tokens.every(
    (token) =>
      token.what === 'string' ||
      token.what === 'number' ||
      isPrefix(token) ||
      /^(true|false|null|[-+])$/i.test(token.text),
  )
}

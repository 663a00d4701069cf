import { mysqlQuoting } from '../quoting.js'

/** How keys of one type travel: as text, out of the server and back to the very same value. */
export interface KeyForm {
  /** An expression that gives the text of a column. */
  text(column: string): string
  /** A literal of that text, which the server can look up in an index on the column. */
  literal(key: string): string
}

const asChar = (column: string): string => `CAST(${column} AS CHAR)`
const asHex = (column: string): string => `HEX(${column})`

const number: KeyForm = {
  text: asChar,
  literal: (key) => {
    // A number is not quoted: MySQL compares an exact number with a text as floats (Reference Manual, "Type Conversion in
    // Expression Evaluation").
    if (!/^-?\d+(\.\d+)?$/.test(key)) throw new Error(`not the text of a number: ${key}`)
    return key
  },
}

/** A text beside a date or a UUID is converted to its type once, before the index is read, also '0000-00-00'. */
const converted: KeyForm = { text: asChar, literal: (key) => mysqlQuoting.literal(key) }

const bytes: KeyForm = { text: asHex, literal: hexLiteral }

/**
 * Text in the column's own character set and collation: any other makes the server convert the column and pass the index
 * by. Characters that a legacy Asian set has twice change their bytes on the way through Unicode, so those go as bytes.
 */
function character(charset: string, collation: string): KeyForm {
  if (THERE_AND_BACK.has(charset))
    return {
      text: asChar,
      literal: (key) => `CONVERT(${mysqlQuoting.literal(key)} USING ${charset}) COLLATE ${collation}`,
    }
  return { text: asHex, literal: (key) => `_${charset} ${hexLiteral(key)} COLLATE ${collation}` }
}

/** Character sets whose text is the same after a way through utf8mb4 and back. */
const THERE_AND_BACK = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'ascii', 'latin1', 'ucs2', 'utf16', 'utf16le', 'utf32'])

function hexLiteral(key: string): string {
  if (!/^([0-9A-F]{2})*$/i.test(key)) throw new Error(`not the text of bytes: ${key}`)
  return `X'${key}'`
}

const FORMS: Readonly<Record<string, KeyForm>> = {
  tinyint: number,
  smallint: number,
  mediumint: number,
  int: number,
  bigint: number,
  decimal: number,
  year: number,
  date: converted,
  datetime: converted,
  timestamp: converted,
  time: converted,
  uuid: converted,
  inet4: converted,
  inet6: converted,
  binary: bytes,
  varbinary: bytes,
}

/** Why a type that has an order cannot be walked by. */
const REFUSED: Readonly<Record<string, string>> = {
  float: 'a rounded number: its text is not exact',
  double: 'a rounded number: its text is not exact',
  enum: 'ordered by number and compared by text',
  set: 'ordered by number and compared by text',
  bit: 'ordered by number and compared by bytes',
}

const CHARACTER = /^(?:var)?char\b.* character set (\w+) collate (\w+)$/i

/** @param type as `BackfillKey.type` has it: `bigint(20) unsigned`, `varchar(20) CHARACTER SET latin1 COLLATE latin1_bin` */
export function keyForm(type: string): KeyForm {
  const [, charset, collation] = CHARACTER.exec(type) ?? []
  if (charset !== undefined && collation !== undefined) return character(charset, collation)
  const form = FORMS[baseOf(type)]
  if (form === undefined) throw new Error(`no key is of type ${type}`)
  return form
}

/** What is wrong with a type as a key; undefined: nothing. */
export function keyTypeFault(type: string): string | undefined {
  const base = baseOf(type)
  if (CHARACTER.test(type) || FORMS[base] !== undefined) return undefined
  return REFUSED[base] ?? 'of a type that is not known as a key'
}

const baseOf = (type: string): string => /^\w+/.exec(type.toLowerCase())?.[0] ?? ''

const WIDTH: Readonly<Record<string, number>> = {
  tinyint: 1,
  year: 1,
  smallint: 2,
  mediumint: 3,
  date: 3,
  int: 4,
  inet4: 4,
  timestamp: 7,
  time: 6,
  bigint: 8,
  datetime: 8,
  uuid: 16,
  inet6: 16,
}

/** Bytes of a value at most, roughly: to choose the smallest of several keys by. */
export function keyWidth(type: string): number {
  const base = baseOf(type)
  const length = Number(/\((\d+)/.exec(type)?.[1] ?? 0)
  if (base === 'decimal') return Math.ceil(length / 2)
  return WIDTH[base] ?? length * (CHARACTER.test(type) ? 4 : 1)
}

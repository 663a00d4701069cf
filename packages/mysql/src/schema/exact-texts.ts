import { isSqlFragment, type SqlValue } from '@phasegate/core'
import type { Knex } from 'knex'
import { defaultText } from '../operations/default-text.js'
import { inBrackets } from '../operations/in-brackets.js'
import { mysqlQuoting } from '../quoting.js'
import { backslashRefused, defaultIgnored } from './schema-errors.js'

/** What knex 3 keeps of a column while the callback of its table runs. */
export interface ColumnBuilder {
  readonly _method?: string
  readonly _type?: string
  readonly _args?: unknown[]
  readonly _modifiers?: { defaultTo?: unknown[]; comment?: unknown[] }
}

/** And of the table. */
export interface TableBuilder {
  readonly client: Knex.Client
  readonly _single?: { comment?: unknown }
  readonly _statements?: readonly { readonly grouping: string; readonly builder?: ColumnBuilder }[]
}

/**
 * Texts of a builder that knex does not write as they are: it puts comments and ENUM values between quotes with half of
 * the escapes or none (knex 3.3, measured), and a Date as JavaScript prints it. They are set aside under a word of our own
 * and put into the compiled statement as literals.
 */
export interface ExactTexts {
  /** Looks at a column before knex makes SQL of it. */
  column(table: string, column: ColumnBuilder, client: Knex.Client): void
  table(name: string, builder: TableBuilder): void
  putBack(sql: string): string
}

export function exactTexts(): ExactTexts {
  const texts: string[] = []
  const aside = (sql: string): string => `phasegate:text:${texts.push(sql) - 1}:`
  /** Where nothing but a string in quotes may stand. */
  const quoted = (where: string, value: unknown): unknown => {
    if (typeof value !== 'string') return value
    if (/[\\\0]/.test(value)) throw backslashRefused(where, value)
    return aside(mysqlQuoting.literal(value))
  }
  return {
    column: (table, { _type = '', _args, _modifiers }, client) => {
      const name = `${table}.${String(_args?.[0])}`
      if ((_type === 'enu' || _type === 'enum') && Array.isArray(_args?.[1])) {
        _args[1] = _args[1].map((value) => quoted(`A value of ${name}`, value))
      }
      if (_modifiers?.comment !== undefined) {
        _modifiers.comment[0] = quoted(`The comment of ${name}`, _modifiers.comment[0])
      }
      const given = _modifiers?.defaultTo
      if (given === undefined || given[0] === null || given[0] === undefined) return
      if (_type.includes('text')) throw defaultIgnored(table, String(_args?.[0]))
      const text = columnDefault(given[0], _type)
      if (text === undefined) return
      // A raw would be taken for an object to be written as JSON.
      given[0] = isJson(_type) ? aside(text) : client.raw(text)
    },
    table: (name, { _single }) => {
      if (_single?.comment !== undefined) _single.comment = quoted(`The comment of ${name}`, _single.comment)
    },
    putBack: (sql) => sql.replace(/'phasegate:text:(\d+):'/g, (_, index) => texts[Number(index)]!),
  }
}

/** Undefined for what is knex's to write: a raw of its own. */
function columnDefault(value: unknown, type: string): string | undefined {
  if (isSqlFragment(value)) return defaultText(value)
  const isRaw = typeof value === 'object' && value !== null && 'toSQL' in value
  if (isJson(type) && !isRaw) {
    return inBrackets(mysqlQuoting.literal(typeof value === 'string' ? value : JSON.stringify(value)))
  }
  // knex takes what is true of it, and the text 'false' for what it says.
  if (type === 'bool') return isRaw ? undefined : defaultText(value !== 'false' && Boolean(value))
  const literal = typeof value !== 'object' || value instanceof Date || value instanceof Uint8Array
  return literal ? defaultText(value as SqlValue) : undefined
}

function isJson(type: string): boolean {
  return type === 'json' || type === 'jsonb'
}

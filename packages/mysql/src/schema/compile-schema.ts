import {
  builderFailed,
  inlineBindings,
  isPhasegateError,
  otherBuilder,
  type SchemaCall,
  type SchemaLanguage,
  unboundRefused,
} from '@phasegate/core'
import type { Knex } from 'knex'
import { mysqlQuoting } from '../quoting.js'
import { type ExactTexts, exactTexts, type TableBuilder } from './exact-texts.js'
import { alterRefused, callbackRefused } from './schema-errors.js'

/** A whole string or quoted name, with backslash escapes on, as our sessions have them and knex writes for. */
const QUOTED = /'(?:[^'\\]|''|\\[\s\S])*'|"(?:[^"\\]|""|\\[\s\S])*"|`(?:[^`]|``)*`/

let offline: Knex | undefined

/** How MySQL and MariaDB make SQL of schema builders: by knex's client `mysql2`, compiled and never run. */
export const mysqlSchema: SchemaLanguage = {
  load: loadKnex,
  compileCalls: compileSchemaCalls,
  compileForeign: compileForeignBuilder,
}

/** Loads knex (about 0.4 s), once. Without connection settings it has no pool and cannot reach anything. */
export async function loadKnex(): Promise<void> {
  if (offline !== undefined) return
  // knex is CommonJS and Node finds no named exports in it.
  const { default: knex } = await import('knex')
  const silent = (): void => undefined
  offline = knex({ client: 'mysql2', log: { warn: silent, error: silent, deprecate: silent, debug: silent } })
}

/**
 * Replays recorded calls on a fresh builder and gives the statements that it compiles to, values written as literals.
 * `loadKnex` comes first.
 *
 * @throws `SCHEMA.ALTER`, `SCHEMA.CALLBACK`, `SCHEMA.BINDINGS`, `SCHEMA.BUILDER`
 */
export function compileSchemaCalls(calls: readonly SchemaCall[]): readonly string[] {
  if (offline === undefined) throw new Error('loadKnex() must be awaited before a schema builder is compiled')
  const knex = offline
  return coded(() => {
    let builder = knex.schema as unknown as Record<string, (...args: unknown[]) => typeof builder>
    for (const { method, args } of calls) builder = builder[method]!(...args)
    return compileBuilder(builder)
  })
}

/** A schema builder of the author's own knex instance, if it speaks MySQL or MariaDB. It is compiled, never run. */
export function compileForeignBuilder(builder: { toSQL(): unknown }): readonly string[] {
  const { client, _sequence } = builder as { client?: { dialect?: unknown }; _sequence?: unknown }
  if (!Array.isArray(_sequence)) throw otherBuilder('A knex query or raw')
  if (client?.dialect !== 'mysql' && client?.dialect !== 'mariadb') {
    throw otherBuilder(`A schema builder for ${String(client?.dialect)}`)
  }
  return coded(() => compileBuilder(builder))
}

function compileBuilder(builder: object): readonly string[] {
  const texts = exactTexts()
  const { _sequence } = builder as { _sequence: { method: string; args: unknown[] }[] }
  for (const call of _sequence) {
    call.args = call.args.map((arg) => (isCallback(arg) ? guarded(arg, String(call.args[0]), texts) : arg))
  }
  const compiled = (builder as { toSQL(): unknown }).toSQL()
  const items = (Array.isArray(compiled) ? compiled : [compiled]) as CompiledItem[]
  return items.map((item) => {
    if (typeof item.sql !== 'string') throw unboundRefused(JSON.stringify(item.sql), 'more than text')
    if (item.output !== undefined) throw callbackRefused(item.sql)
    return texts.putBack(inlineBindings(item.sql, item.bindings ?? [], mysqlQuoting, QUOTED))
  })
}

interface CompiledItem {
  readonly sql: unknown
  readonly bindings?: readonly unknown[]
  readonly output?: unknown
}

type TableCallback = (this: unknown, table: TableBuilder) => unknown

function isCallback(value: unknown): value is TableCallback {
  return typeof value === 'function'
}

/** The author's callback, with its table and columns looked at before knex makes SQL of them. */
function guarded(callback: TableCallback, table: string, texts: ExactTexts): TableCallback {
  return function (this: unknown, builder) {
    const answer = callback.call(this, builder)
    texts.table(table, builder)
    for (const { grouping, builder: column } of builder._statements ?? []) {
      if (grouping !== 'columns' || column === undefined) continue
      if (column._method === 'alter') throw alterRefused(table, String(column._args?.[0]))
      texts.column(table, column, builder.client)
    }
    return answer
  }
}

function coded<T>(compile: () => T): T {
  try {
    return compile()
  } catch (error) {
    throw isPhasegateError(error) ? error : builderFailed(error)
  }
}

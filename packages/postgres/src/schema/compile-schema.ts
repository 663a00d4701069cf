import {
  builderFailed,
  callbackRefused,
  inlineBindings,
  isPhasegateError,
  isSqlFragment,
  otherBuilder,
  renderSql,
  type SchemaCall,
  unboundRefused,
} from '@phasegate/core'
import type { Knex } from 'knex'
import { postgresQuoting } from '../quoting.js'
import { alterRefused } from './schema-errors.js'

/** A string, or a quoted name. */
const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"/

let offline: Knex | undefined

/** Loads knex (about 0.4 s), once. Without connection settings it has no pool and cannot reach anything. */
export async function loadKnex(): Promise<void> {
  if (offline !== undefined) return
  // knex is CommonJS and Node finds no named exports in it.
  const { default: knex } = await import('knex')
  const silent = (): void => undefined
  offline = knex({ client: 'pg', log: { warn: silent, error: silent, deprecate: silent, debug: silent } })
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

/** A schema builder of the author's own knex instance, if it speaks PostgreSQL. It is compiled, never run. */
export function compileForeignBuilder(builder: { toSQL(): unknown }): readonly string[] {
  const { client, _sequence } = builder as { client?: { dialect?: unknown }; _sequence?: unknown }
  if (!Array.isArray(_sequence)) throw otherBuilder('A knex query or raw')
  if (client?.dialect !== 'postgresql') throw otherBuilder(`A schema builder for ${String(client?.dialect)}`)
  return coded(() => compileBuilder(builder))
}

function compileBuilder(builder: object): readonly string[] {
  const { _sequence } = builder as { _sequence: { method: string; args: unknown[] }[] }
  for (const call of _sequence) call.args = call.args.map((arg) => (isCallback(arg) ? guarded(arg, call.args[0]) : arg))
  const compiled = (builder as { toSQL(): unknown }).toSQL()
  const items = (Array.isArray(compiled) ? compiled : [compiled]) as CompiledItem[]
  return items.map((item) => {
    if (typeof item.sql !== 'string') throw unboundRefused(JSON.stringify(item.sql), 'more than text')
    if (item.output !== undefined) throw callbackRefused(item.sql)
    return inlineBindings(item.sql, item.bindings ?? [], postgresQuoting, QUOTED)
  })
}

interface CompiledItem {
  readonly sql: unknown
  readonly bindings?: readonly unknown[]
  readonly output?: unknown
}

type TableCallback = (this: unknown, table: TableBuilder) => unknown

/** What knex 3 keeps in a table builder while its callback runs. */
interface TableBuilder {
  readonly client: Knex.Client
  readonly _statements?: readonly {
    readonly grouping: string
    readonly builder?: {
      readonly _method?: string
      readonly _args?: readonly unknown[]
      readonly _modifiers?: { defaultTo?: unknown[] }
    }
  }[]
}

function isCallback(value: unknown): value is TableCallback {
  return typeof value === 'function'
}

/** The author's callback, with its columns looked at before knex makes SQL of them. */
function guarded(callback: TableCallback, table: unknown): TableCallback {
  return function (this: unknown, builder) {
    const answer = callback.call(this, builder)
    for (const { grouping, builder: column } of builder._statements ?? []) {
      if (grouping !== 'columns' || column === undefined) continue
      if (column._method === 'alter') throw alterRefused(String(table), String(column._args?.[0]))
      const value = column._modifiers?.defaultTo?.[0]
      // knex would write an sql`…` fragment as a JSON default.
      if (isSqlFragment(value)) column._modifiers!.defaultTo![0] = builder.client.raw(renderSql(value, postgresQuoting))
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

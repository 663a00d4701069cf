import type { Schema } from '../authoring/migration-definition.js'
import type { SchemaCall, SchemaLanguage } from '../ports/sql-language.js'
import { refusedMethod } from './schema-errors.js'

/** The DDL methods of knex 3's schema builder. */
const METHODS: ReadonlySet<string> = new Set([
  'withSchema',
  'createTable',
  'createTableIfNotExists',
  'createTableLike',
  'alterTable',
  'table',
  'renameTable',
  'dropTable',
  'dropTableIfExists',
  'createView',
  'createViewOrReplace',
  'createMaterializedView',
  'refreshMaterializedView',
  'view',
  'alterView',
  'renameView',
  'dropView',
  'dropViewIfExists',
  'dropMaterializedView',
  'dropMaterializedViewIfExists',
  'createSchema',
  'createSchemaIfNotExists',
  'dropSchema',
  'dropSchemaIfExists',
  'createExtension',
  'createExtensionIfNotExists',
  'dropExtension',
  'dropExtensionIfExists',
  'raw',
])

/** Methods of knex's own builder that would talk to a database, refused by name. */
const REFUSED: ReadonlySet<string> = new Set([
  'hasTable',
  'hasColumn',
  'transacting',
  'connection',
  'generateDdlCommands',
  'catch',
  'finally',
])

const recorded = new WeakMap<object, SchemaCall[]>()

/**
 * Our `schema`: each method call on it starts a fresh builder that only records what is called on it. knex is replayed
 * over the record when the migration is compiled, so a migration without builders never loads it, and nothing in a
 * builder can reach a database: there is no `then` on it.
 *
 * @throws `SCHEMA.METHOD` for `hasTable`, `hasColumn` and others that would ask the database
 */
export function createSchema(language: Pick<SchemaLanguage, 'compileCalls'>): Schema {
  const method = (calls: SchemaCall[], name: string | symbol, builder: object | undefined): unknown => {
    if (typeof name === 'symbol') return undefined
    if (name === 'toSQL' && builder !== undefined) return () => language.compileCalls(calls)
    if (REFUSED.has(name)) throw refusedMethod(name)
    if (!METHODS.has(name)) return undefined
    return (...args: readonly unknown[]) => {
      const target = builder ?? startBuilder(calls)
      calls.push({ method: name, args })
      return target
    }
  }
  const startBuilder = (calls: SchemaCall[]): object => {
    const builder: object = new Proxy({}, { get: (_, name) => method(calls, name, builder) })
    recorded.set(builder, calls)
    return builder
  }
  return new Proxy({}, { get: (_, name) => method([], name, undefined) }) as unknown as Schema
}

/** What was called on one of our builders; undefined for anything else. */
export function schemaCallsOf(value: unknown): readonly SchemaCall[] | undefined {
  return typeof value === 'object' && value !== null ? recorded.get(value) : undefined
}

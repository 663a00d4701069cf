import type { Knex } from 'knex'
import type { WantedEngine } from '../engine/engine-task.js'
import type { SqlFragment, SqlValue } from './sql.js'

/** `users` or `{ schema: 'billing', table: 'invoice' }`. */
export type TableName = string | { readonly schema: string; readonly table: string }

/** A column default: a value, or an expression as `sql`. */
export type DefaultValue = SqlValue | SqlFragment

/**
 * A safe operation, as plain data: what the author wants. The dialect compiles it to the statements that do not block.
 * One interface an operation, so that each can be named by the file that compiles it.
 */
export type Operation =
  | AddColumn
  | DropColumn
  | SetDefault
  | DropDefault
  | SetNotNull
  | DropNotNull
  | CreateIndex
  | DropIndex
  | AddUnique
  | AddForeignKey
  | AddCheck
  | DropConstraint
  | CreateTable
  | DropTable
  | AddEnumValue
  | AlterTable
  | Repack
  | RunFunction

export interface AddColumn {
  readonly kind: 'addColumn'
  readonly table: TableName
  readonly column: string
  /** The type in the database's own words: `boolean`, `numeric(10,2)`. */
  readonly type: string
  readonly default?: DefaultValue
  readonly notNull?: boolean
}
export interface DropColumn {
  readonly kind: 'dropColumn'
  readonly table: TableName
  readonly column: string
}
export interface SetDefault {
  readonly kind: 'setDefault'
  readonly table: TableName
  readonly column: string
  readonly default: DefaultValue
}
export interface DropDefault {
  readonly kind: 'dropDefault'
  readonly table: TableName
  readonly column: string
}
export interface SetNotNull {
  readonly kind: 'setNotNull'
  readonly table: TableName
  readonly column: string
}
export interface DropNotNull {
  readonly kind: 'dropNotNull'
  readonly table: TableName
  readonly column: string
}
export interface CreateIndex {
  readonly kind: 'createIndex'
  readonly table: TableName
  /** Column names, or expressions as `sql`. */
  readonly columns: readonly (string | SqlFragment)[]
  readonly name?: string
  readonly unique?: boolean
  readonly method?: string
  readonly where?: SqlFragment
  readonly include?: readonly string[]
}
export interface DropIndex {
  readonly kind: 'dropIndex'
  readonly name: string
  readonly table?: TableName
}
export interface AddUnique {
  readonly kind: 'addUnique'
  readonly table: TableName
  readonly columns: readonly string[]
  readonly name?: string
}
export interface AddForeignKey {
  readonly kind: 'addForeignKey'
  readonly table: TableName
  readonly columns: readonly string[]
  readonly references: { readonly table: TableName; readonly columns: readonly string[] }
  readonly name?: string
  readonly onDelete?: ReferentialAction
  readonly onUpdate?: ReferentialAction
}
export type ReferentialAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default'
export interface AddCheck {
  readonly kind: 'addCheck'
  readonly table: TableName
  readonly check: SqlFragment
  readonly name?: string
}
export interface DropConstraint {
  readonly kind: 'dropConstraint'
  readonly table: TableName
  readonly name: string
}
export interface CreateTable {
  readonly kind: 'createTable'
  readonly table: TableName
  readonly build: (table: Knex.CreateTableBuilder) => void
}
export interface DropTable {
  readonly kind: 'dropTable'
  readonly table: TableName
}
export interface AddEnumValue {
  readonly kind: 'addEnumValue'
  readonly type: string
  readonly value: string
  readonly before?: string
  readonly after?: string
}
/** A clause for what a server must do to the whole table; handed to an engine where the dialect has one and it pays. */
export interface AlterTable {
  readonly kind: 'alterTable'
  readonly table: TableName
  readonly clause: string
  readonly engine: WantedEngine
}
/** The table is written anew beside traffic, so that the room of what is gone comes back. By an engine, never by the server. */
export interface Repack {
  readonly kind: 'repack'
  readonly table: TableName
}
/** The way out for what cannot be listed; `version` stands for the function in the fingerprint. */
export interface RunFunction {
  readonly kind: 'run'
  readonly version: string
  readonly run: (context: RunContext) => Promise<void>
}
export interface RunContext {
  /** Runs one statement inside the step's transaction. */
  query(text: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>
}

type Without<O extends Operation, K extends keyof O> = Omit<O, 'kind' | 'table' | K>

/**
 * The safe operations. Each returns plain data and runs nothing; the dialect decides, for the server's version, which
 * statements do it without blocking, or raises a coded error where the server cannot.
 *
 * @example
 * contract: ({ ops }) => [
 *   ops.setNotNull('users', 'email_verified'),
 *   ops.dropColumn('users', 'verified_at'),
 * ]
 */
export const ops = {
  addColumn: (table: TableName, column: string, type: string, options: Pick<AddColumn, 'default' | 'notNull'> = {}) =>
    ({ kind: 'addColumn', table, column, type, ...options }) satisfies AddColumn,
  dropColumn: (table: TableName, column: string) => ({ kind: 'dropColumn', table, column }) satisfies DropColumn,
  setDefault: (table: TableName, column: string, value: DefaultValue) =>
    ({ kind: 'setDefault', table, column, default: value }) satisfies SetDefault,
  dropDefault: (table: TableName, column: string) => ({ kind: 'dropDefault', table, column }) satisfies DropDefault,
  setNotNull: (table: TableName, column: string) => ({ kind: 'setNotNull', table, column }) satisfies SetNotNull,
  dropNotNull: (table: TableName, column: string) => ({ kind: 'dropNotNull', table, column }) satisfies DropNotNull,
  createIndex: (table: TableName, columns: CreateIndex['columns'], options: Without<CreateIndex, 'columns'> = {}) =>
    ({ kind: 'createIndex', table, columns, ...options }) satisfies CreateIndex,
  dropIndex: (name: string, options: { table?: TableName } = {}) =>
    ({ kind: 'dropIndex', name, ...options }) satisfies DropIndex,
  addUnique: (table: TableName, columns: readonly string[], options: { name?: string } = {}) =>
    ({ kind: 'addUnique', table, columns, ...options }) satisfies AddUnique,
  addForeignKey: (
    table: TableName,
    columns: readonly string[],
    references: AddForeignKey['references'],
    options: Without<AddForeignKey, 'columns' | 'references'> = {},
  ) => ({ kind: 'addForeignKey', table, columns, references, ...options }) satisfies AddForeignKey,
  addCheck: (table: TableName, check: SqlFragment, options: { name?: string } = {}) =>
    ({ kind: 'addCheck', table, check, ...options }) satisfies AddCheck,
  dropConstraint: (table: TableName, name: string) =>
    ({ kind: 'dropConstraint', table, name }) satisfies DropConstraint,
  createTable: (table: TableName, build: CreateTable['build']) =>
    ({ kind: 'createTable', table, build }) satisfies CreateTable,
  dropTable: (table: TableName) => ({ kind: 'dropTable', table }) satisfies DropTable,
  addEnumValue: (type: string, value: string, position: { before?: string; after?: string } = {}) =>
    ({ kind: 'addEnumValue', type, value, ...position }) satisfies AddEnumValue,
  alterTable: (table: TableName, clause: string, options: { engine?: WantedEngine } = {}) =>
    ({ kind: 'alterTable', table, clause, engine: options.engine ?? 'auto' }) satisfies AlterTable,
  repack: (table: TableName) => ({ kind: 'repack', table }) satisfies Repack,
  run: (version: string, run: RunFunction['run']) => ({ kind: 'run', version, run }) satisfies RunFunction,
} as const

export type Ops = typeof ops

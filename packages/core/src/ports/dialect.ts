import type { MigrationDefinition } from '../authoring/migration-definition.js'
import type { Quoting } from '../authoring/sql.js'
import type { CompiledMigration } from '../compiled/compiled-migration.js'
import type { Target } from './target.js'

/** A migration file as it was read: a definition (TypeScript) or its text (SQL). */
export type LoadedMigration =
  | {
      readonly format: 'typescript'
      readonly name: string
      readonly file: string
      readonly definition: MigrationDefinition
    }
  | { readonly format: 'sql'; readonly name: string; readonly file: string; readonly text: string }

export interface CompileOptions {
  /** Server version to compile for, as the server or the configuration says it; undefined: the oldest supported. */
  readonly serverVersion?: string
  /** Defaults for `batch`. */
  readonly batchSize: number
  readonly batchTime: number
}

export interface ConnectOptions {
  /** URL, or connection settings in the driver's own words. */
  readonly connection: string | Readonly<Record<string, unknown>>
  /** ms to wait for a connection; default 10000. */
  readonly connectTimeout?: number
}

/** What a database family is to the rest: everything that is dialect-specific lives behind this. */
export interface Dialect {
  readonly name: string
  readonly quoting: Quoting
  /** Does what `compile` gives depend on the server's version? Then files are compiled for the server that is there. */
  readonly versioned: boolean
  /**
   * Compiles one file to steps. Pure, needs no database. Throws one coded error with file and line for what is wrong
   * with the file. Async only because the parser is loaded on first use.
   */
  compile(migration: LoadedMigration, options: CompileOptions): Promise<CompiledMigration>
  connect(options: ConnectOptions): Promise<Target>
  /** A connection that looks names up in these schemas, in this order. Absent where the server has no search path. */
  withSearchPath?(connection: ConnectOptions['connection'], schemas: readonly string[]): ConnectOptions['connection']
}

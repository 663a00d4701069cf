import type { Knex } from 'knex'
import type { WantedEngine } from '../engine/engine-task.js'
import type { Gate } from '../gate/gate.js'
import type { ThrottleDefinition } from '../pace/throttle-definition.js'
import type { Allowed } from './allow.js'
import type { AppUsesDeclaration } from './app-uses.js'
import type { MapFunction } from './map-function.js'
import type { Operation, Ops, TableName } from './operation.js'
import type { SqlFragment } from './sql.js'

/** The DDL methods of knex's schema builder; each call on it starts a fresh builder. */
export type Schema = Omit<
  Knex.SchemaBuilder,
  'hasTable' | 'hasColumn' | 'transacting' | keyof Promise<unknown> | keyof Knex.ChainableInterface
>

/** What a knex schema builder is to us: something that compiles offline. */
export interface SchemaStatement {
  toSQL(): unknown
}

/** What may stand in a list: an operation, a schema builder, raw `sql`, or one of them with `allow`. */
export type Statement = Operation | SchemaStatement | SqlFragment | Allowed

export interface PhaseTools {
  readonly schema: Schema
  readonly ops: Ops
  readonly sql: typeof import('./sql.js').sql
}

/** Returns the list of what the phase does. It runs nothing and must give the same list every time it is called. */
export type PhaseFunction = (tools: PhaseTools) => readonly Statement[]

/**
 * Keeps two shapes of one table equal, by triggers that compare values. `forward` gives new columns from old ones,
 * `backward` old columns from new ones.
 */
export interface SyncDefinition {
  readonly table: TableName
  readonly forward: Readonly<Record<string, SqlFragment>>
  readonly backward?: Readonly<Record<string, SqlFragment>>
}

/** What every form of a backfill takes. */
interface BackfillPace {
  /**
   * Column to walk by, or the columns of one unique index in its order: `['tenant_id', 'id']`. Default: the primary key,
   * else the unique index with the fewest columns and the smallest types.
   */
  readonly key?: string | readonly string[]
  readonly batch?: {
    /** Rows of the first batch; default 1000. */
    readonly size?: number
    /** Target time of one batch in ms; default 250. */
    readonly time?: number
  }
  /** When it may work, over what the configuration says: `'22:00-06:00 Europe/Berlin'`, or a list. */
  readonly only?: string | readonly string[]
  /** What it looks at to go slower or wait, signal by signal over what the configuration says; false: nothing. */
  readonly throttle?: ThrottleDefinition | false
  /**
   * What becomes of a row that the database refuses to change (a constraint, a cast). `'stop'`, the default: the backfill
   * fails with its key. `'quarantine'`: it is recorded, the others are changed, and contract stays closed while there is one;
   * more than `limit` rows (default 100, at most 500) stop the backfill.
   */
  readonly onError?: 'stop' | 'quarantine' | { readonly quarantine: { readonly limit: number } }
}

/** One expression a column, computed in the database, for the rows that `where` selects (default: all). */
export interface SetBackfill extends BackfillPace {
  readonly table: TableName
  readonly set: Readonly<Record<string, SqlFragment>>
  readonly where?: SqlFragment
  /** The author's word that running over a row twice would be wrong: keys do not change, later rows need nothing. */
  readonly once?: boolean
}

/**
 * Removes the rows that `where` selects, in batches.
 *
 * @example
 * backfill: { table: 'sessions', delete: true, where: sql`user_id IS NULL` }
 */
export interface DeleteBackfill extends BackfillPace {
  readonly table: TableName
  readonly delete: true
  /** Which rows; required. */
  readonly where: SqlFragment
}

/**
 * Fills another table: a row of `into` for each row of `from` that `where` selects (default: all).
 *
 * @example
 * backfill: {
 *   from: 'users',
 *   into: 'profiles',
 *   select: { user_id: sql`id`, email: sql`lower(email)` },
 *   onConflict: { columns: ['user_id'], do: 'update' },
 *   dualWrite: true,
 * }
 */
export interface CopyBackfill extends BackfillPace {
  readonly from: TableName
  readonly into: TableName
  /** Columns of `into`, each with an expression over a row of `from`. */
  readonly select: Readonly<Record<string, SqlFragment>>
  readonly where?: SqlFragment
  readonly onConflict: {
    /** Columns of a unique key of `into`, all of them in `select`: they tell whether a row is there already. */
    readonly columns: readonly string[]
    /** What becomes of a row that is there already. With `nothing`, verification looks only whether it is there. */
    readonly do: 'nothing' | 'update'
  }
  /** The author's word that whatever writes `from` writes `into` too, in one transaction. Required. */
  readonly dualWrite: true
}

/**
 * Columns get values that are computed in JavaScript, written back with one statement a batch, and only where the columns
 * that were read are unchanged.
 *
 * @example
 * backfill: {
 *   table: 'users',
 *   select: ['id', 'email'],
 *   map: (rows) => rows.map(({ email }) => (email === null ? null : { email_hash: hash(String(email)) })),
 *   set: ['email_hash'],
 *   version: '1',
 *   deterministic: true,
 * }
 */
export interface MapBackfill extends BackfillPace {
  readonly table: TableName
  /** Columns that `map` gets. */
  readonly select: readonly string[]
  readonly map: MapFunction
  /** Columns that `map` may give. */
  readonly set: readonly string[]
  readonly where?: SqlFragment
  /** Stands for the function in the fingerprint: another version is another backfill. */
  readonly version: string
  /** The author's word that the same row always gets the same values: verification then runs `map` again and compares. */
  readonly deterministic?: boolean
  /** As in the form `set`. */
  readonly once?: boolean
}

export type BackfillDefinition = SetBackfill | DeleteBackfill | CopyBackfill | MapBackfill

export interface MigrationDefinition {
  /** What this build's code does with the shapes; required beside a backfill or a contract. */
  readonly appUses?: AppUsesDeclaration
  /** Whom the migration concerns; default: every application of the config. */
  readonly applications?: readonly string[]
  readonly expand?: PhaseFunction
  readonly backfill?: BackfillDefinition
  readonly contract?: PhaseFunction
  /** Undoes expand where that cannot be derived. */
  readonly revert?: PhaseFunction
  readonly sync?: SyncDefinition | readonly SyncDefinition[]
  /**
   * Columns whose writers are counted by triggers, from the end of expand to the beginning of contract: what the gate
   * `noWriters` asks. `['users.verified_at']`.
   */
  readonly countWriters?: readonly string[]
  /**
   * Who changes a table that was there before: `'gh-ost'`, `'pt-osc'`, `'native'` (the server), or `'auto'`, the default: by
   * size, and by what the server can do beside traffic. MySQL and MariaDB.
   */
  readonly engine?: WantedEngine
  /** Added to the configured gates; never removes one. */
  readonly gates?: { readonly [phase in 'expand' | 'backfill' | 'contract' | 'revert' | 'cutover']?: readonly Gate[] }
}

export const MIGRATION_OPTIONS = [
  'appUses',
  'applications',
  'expand',
  'backfill',
  'contract',
  'revert',
  'sync',
  'countWriters',
  'engine',
  'gates',
] as const satisfies readonly (keyof MigrationDefinition)[]

/**
 * Declares a migration; the default export of a migration file.
 *
 * @example
 * export default defineMigration({
 *   appUses: 'both',
 *   expand: ({ schema }) => [schema.alterTable('users', (t) => t.boolean('email_verified'))],
 * })
 */
export function defineMigration(definition: MigrationDefinition): MigrationDefinition {
  return definition
}

import type { Gate, ThrottleDefinition } from '@phasegate/core'
import type { Duration } from './duration.js'

/** Connection settings in the words of the driver: `pg`, or `mysql2` for MySQL and MariaDB. */
export type ConnectionSettings = Readonly<Record<string, unknown>>

/** What Phasegate reads of a knex configuration; its other keys do not concern it. */
export interface KnexConnection {
  readonly client?: unknown
  readonly connection?: string | object | (() => unknown)
  readonly searchPath?: string | readonly string[]
  readonly [key: string]: unknown
}

/** One client of the database. */
export interface ApplicationConfig {
  /** Do its processes call `register()` of @phasegate/status? Default true. */
  readonly reports?: boolean
  /** Within which time each kind of its processes runs at least once; default `'3m'`, a job of every night `'25h'`. */
  readonly seenEvery?: Duration
  /** Database roles that it alone connects as; needed where it does not report, so that its sessions are known as its own. */
  readonly roles?: readonly string[]
}

/** One tool. */
export interface ToolConfig {
  /** Where it is; default: found on PATH. */
  readonly path?: string
  /** Added to its arguments as they stand, for what Phasegate has no setting for. */
  readonly arguments?: readonly string[]
}

/** What `phasegate.config.ts` exports. Durations are ms, or text such as `'60s'`. */
export interface PhasegateConfig {
  /** URL, knex configuration, or connection settings of the driver (then `dialect` says which). */
  readonly database?: string | KnexConnection | ConnectionSettings | undefined
  /** Enough, with `serverVersion`, for the verbs that need no database. Default: what `database` says, else `postgres`. */
  readonly dialect?: 'postgres' | 'mysql' | 'mariadb'
  /**
   * Server version to compile for without a database: `18`, `'8.4'`, `'10.11.6'`. Default: the oldest supported. On a
   * database its own version counts.
   */
  readonly serverVersion?: string | number
  /** Folder of the migration files, relative to the config; default `phasegate`. */
  readonly migrations?: string
  /** Every client of the database that is deployed by itself. By what they report contracts open without an approval. */
  readonly applications?: Readonly<Record<string, ApplicationConfig>>
  /** Database roles whose sessions are no application's: backups, monitoring, people, Phasegate itself. */
  readonly ignoredRoles?: readonly string[]
  /** Database roles of the applications; the runner grants them what they need of the journal. */
  readonly appRoles?: readonly string[]
  /** Asked before each unit of the phase, in addition to what always holds. */
  readonly gates?: {
    readonly expand?: readonly Gate[]
    readonly backfill?: readonly Gate[]
    readonly contract?: readonly Gate[]
    readonly revert?: readonly Gate[]
    /** Asked between an engine's copy and its swap, in addition to those of its unit. */
    readonly cutover?: readonly Gate[]
  }
  /** Who copies large tables, and which are large. */
  readonly engines?: {
    /** Which is tried first; default `['gh-ost', 'pt-osc']`. `[]`: none, unless a migration asks for one by name. */
    readonly prefer?: readonly ('gh-ost' | 'pt-osc')[]
    /** From so many rows on an in-place build goes to an engine; default 1,000,000. */
    readonly thresholdRows?: number
    /** From so many bytes on, indexes included: a number, or text such as `'1GB'`, the default. */
    readonly thresholdBytes?: number | string
    /** Where runs keep their files (credentials, socket, output), each in a directory of its own; default: the system's. */
    readonly directory?: string
    readonly 'gh-ost'?: ToolConfig
    readonly 'pt-osc'?: ToolConfig
    readonly pg_repack?: ToolConfig
  }
  readonly backfill?: {
    /** Target time of one batch; default 250 ms. */
    readonly batchTime?: Duration
    /** Rows of the first batch; default 1000. */
    readonly batchSize?: number
    /** Rows that one process may change a second, whatever its workers; default no limit. */
    readonly maxRowsPerSecond?: number
    /** When backfills may work: `'22:00-06:00 Europe/Berlin'`, or a list; without a zone UTC. Default always. */
    readonly only?: string | readonly string[]
    /** What backfills look at to go slower or wait; false: nothing. */
    readonly throttle?: ThrottleDefinition | false
    /** How many workers of one process share each backfill, each on a session of its own; from 1 to 64, default 1. */
    readonly workers?: number
  }
  readonly lock?: {
    /**
     * How long one statement may queue for one lock while others queue behind it; default 800 ms, at most 1 s. MySQL and
     * MariaDB count whole seconds, so that it is 1 s there.
     */
    readonly lockTimeout?: Duration
    /** How long a statement that holds a strong lock may take; default: as `lockTimeout`. */
    readonly statementTimeout?: Duration
    /** How long a verb waits for another runner; default `'60s'`. */
    readonly maxLockWait?: Duration
    /** How often a statement that met its lock timeout is tried again; default 40. */
    readonly retries?: number
    /** How long all tries of one statement may take together; default `'5m'`. */
    readonly retryFor?: Duration
  }
  readonly contract?: {
    /** How long `contracting` stands before anything is destroyed: one heartbeat of your instances. Default `'15s'`. */
    readonly announce?: Duration
    /** The name of the database: consent to what the contracts that `worker --contract` runs destroy. Default none. */
    readonly confirm?: string
  }
  /** `phasegate worker`. */
  readonly worker?: {
    /** How often it looks for work while there is none; default `'5s'`. */
    readonly pollInterval?: Duration
    /** Port of `/health/live` and `/health/ready`; default: no endpoint. */
    readonly healthPort?: number
    /** Address of the endpoint; default `'127.0.0.1'`. In a pod `'0.0.0.0'`. */
    readonly healthHost?: string
    /** How long it may do nothing at all before `/health/live` says so; default `'2m'`. */
    readonly staleAfter?: Duration
  }
  /** `phasegate serve`. */
  readonly serve?: {
    /** Port; default 8686. */
    readonly port?: number
    /** Address; default `'127.0.0.1'`: others do not reach it. */
    readonly host?: string
  }
  /** This database may be emptied and filled by `phasegate up`. Default false. */
  readonly disposable?: boolean
}

/**
 * Declares the configuration; the default export of `phasegate.config.ts`. It is checked when a verb reads it, not here,
 * so that this entry stays light.
 *
 * @example
 * export default defineConfig({
 *   database: process.env.DATABASE_URL,
 *   applications: { api: {}, worker: {} },
 *   gates: { contract: [approval(), soak('24h')] },
 * })
 */
export function defineConfig(config: PhasegateConfig): PhasegateConfig {
  return config
}

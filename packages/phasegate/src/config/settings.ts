import type { Clients, Gate, PaceSettings } from '@phasegate/core'
import type { EngineSettings } from '@phasegate/engines'
import type { ConnectionSettings } from './phasegate-config.js'

/** Where the database is, and who said so (`--database`, `PHASEGATE_DATABASE_URL`, the config's path, `DATABASE_URL`). */
export interface DatabaseSetting {
  readonly connection: string | ConnectionSettings
  readonly from: string
  /** The dialect that the URL's scheme or knex's client says; undefined where the settings are a driver's own. */
  readonly dialect: string | undefined
}

/** The configuration as verbs see it: file, environment and flags merged, defaults filled in, durations in ms. */
export interface Settings {
  /** The working directory; files are named relative to it. */
  readonly cwd: string
  /** The config file that was read; undefined where there is none. */
  readonly file: string | undefined
  readonly database: DatabaseSetting | undefined
  readonly dialect: string
  /** What to compile for without a database; undefined: the oldest supported. */
  readonly serverVersion: string | undefined
  /** Absolute path. */
  readonly migrations: string
  /** Undefined: not declared, so nobody knows all clients of the database. */
  readonly applications: readonly string[] | undefined
  /** The same with what is known of each. */
  readonly clients: Clients | undefined
  readonly appRoles: readonly string[]
  readonly gates: { readonly [phase in 'expand' | 'backfill' | 'contract' | 'revert' | 'cutover']: readonly Gate[] }
  readonly backfill: {
    readonly batchTime: number
    readonly batchSize: number
    readonly workers: number
    readonly pace: PaceSettings
  }
  readonly engines: Pick<EngineSettings, 'prefer' | 'threshold' | 'tools' | 'directory'>
  readonly lock: {
    readonly lockTimeout: number
    readonly statementTimeout: number
    readonly maxLockWait: number
    readonly retries: number
    readonly retryFor: number
  }
  readonly contract: { readonly announce: number; readonly confirm: string | undefined }
  readonly worker: {
    readonly pollInterval: number
    /** Undefined: no endpoint. */
    readonly healthPort: number | undefined
    readonly healthHost: string
    readonly staleAfter: number
  }
  readonly serve: { readonly host: string; readonly port: number }
  readonly disposable: boolean
  /** Worth telling and not wrong: a variable that looks like a misspelt setting, for one. */
  readonly notes: readonly string[]
}

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Clients, DEFAULT_SEEN_EVERY, ENGINES } from '@phasegate/core'
import type { EngineSettings } from '@phasegate/engines'
import { displayPath } from '../display-path.js'
import { DEFAULT_DIALECT, DIALECTS } from '../load/dialects.js'
import { lineOf, whatItSaid } from '../load/source-line.js'
import { createUserModuleLoader } from '../load/user-module.js'
import {
  configDialect,
  configDialects,
  configExport,
  configLoad,
  configNoDatabase,
  configNotFound,
} from './config-errors.js'
import type { CheckedConfig } from './config-schema.js'
import { readConnection } from './connection.js'
import { type Environment, misspeltVariables, readEnvironment } from './environment.js'
import type { DatabaseSetting, Settings } from './settings.js'

/** Looked for in the working directory only, in this order; there is no search upwards. */
export const CONFIG_FILES = ['ts', 'mts', 'js', 'mjs'].map((extension) => `phasegate.config.${extension}`)

/** What flags say about the configuration; each wins over the environment and the file. */
export interface SettingsOptions {
  /** Working directory; default `process.cwd()`. */
  readonly cwd?: string
  /** Path of the config file; default: `phasegate.config.{ts,mts,js,mjs}` in the working directory, if there is one. */
  readonly config?: string
  /** Database URL. */
  readonly database?: string
  readonly migrations?: string
  readonly serverVersion?: string | number
  /** Durations as `lock` of the config has them. */
  readonly lockTimeout?: string
  readonly statementTimeout?: string
  readonly maxLockWait?: string
  readonly batchSize?: number
  readonly batchTime?: string
  readonly maxRowsPerSecond?: number
  readonly workers?: number
  /** As `worker` of the config has them. */
  readonly pollInterval?: string
  readonly healthPort?: number
  readonly healthHost?: string
  readonly staleAfter?: string
  /** As `serve` of the config has them. */
  readonly port?: number
  readonly host?: string
  /** Default `process.env`. */
  readonly environment?: Environment
}

/**
 * Reads the configuration: flag over `PHASEGATE_…` over file over default; a bare `DATABASE_URL` counts only where all
 * three are silent. No config file at all is fine.
 *
 * @throws `CONFIG.NOT_FOUND`, `CONFIG.LOAD`, `CONFIG.NO_EXPORT`, `CONFIG.UNKNOWN_KEY`, `CONFIG.NOT_YET`, `CONFIG.VALUE`,
 *   `CONFIG.DIALECT`, `CONFIG.DATABASE_URL`, `CONFIG.POOL`
 */
export async function readSettings(options: SettingsOptions = {}): Promise<Settings> {
  const cwd = resolve(options.cwd ?? process.cwd())
  const environment = options.environment ?? process.env
  const file = findConfig(cwd, options.config ?? nonEmpty(environment.PHASEGATE_CONFIG))
  const fromFile = file === undefined ? {} : await loadConfig(cwd, file)
  // After loading: a config may call process.loadEnvFile().
  const merged = await mergeEnvironment(fromFile, environment)
  const config = await mergeFlags(merged, options)
  const shown = file === undefined ? '' : displayPath(cwd, file)
  const database = await findDatabase(options, environment, fromFile, shown)
  const base = file === undefined || (options.migrations ?? environment.PHASEGATE_MIGRATIONS) ? cwd : dirname(file)
  const lockTimeout = config.lock?.lockTimeout ?? 800
  return {
    cwd,
    file,
    database,
    dialect: dialectName(
      config.dialect,
      nonEmpty(environment.PHASEGATE_DIALECT) ? 'PHASEGATE_DIALECT' : shown,
      database,
    ),
    serverVersion: config.serverVersion,
    migrations: resolve(base, config.migrations ?? 'phasegate'),
    applications: config.applications && Object.keys(config.applications),
    clients: clientsOf(config),
    appRoles: config.appRoles ?? [],
    gates: { expand: [], backfill: [], contract: [], revert: [], cutover: [], ...withoutUndefined(config.gates) },
    backfill: {
      batchTime: config.backfill?.batchTime ?? 250,
      batchSize: config.backfill?.batchSize ?? 1000,
      pace: {
        maxRowsPerSecond: config.backfill?.maxRowsPerSecond ?? null,
        only: config.backfill?.only ?? [],
        throttle: config.backfill?.throttle ?? { signals: {} },
      },
      workers: config.backfill?.workers ?? 1,
    },
    engines: {
      prefer: config.engines?.prefer ?? ['gh-ost', 'pt-osc'],
      threshold: {
        rows: config.engines?.thresholdRows ?? 1_000_000,
        bytes: config.engines?.thresholdBytes ?? 1024 ** 3,
      },
      ...(config.engines?.directory === undefined ? {} : { directory: resolve(base, config.engines.directory) }),
      tools: toolsOf(config),
    },
    lock: {
      lockTimeout,
      statementTimeout: config.lock?.statementTimeout ?? lockTimeout,
      maxLockWait: config.lock?.maxLockWait ?? 60_000,
      retries: config.lock?.retries ?? 40,
      retryFor: config.lock?.retryFor ?? 300_000,
    },
    contract: { announce: config.contract?.announce ?? 15_000, confirm: config.contract?.confirm },
    worker: {
      pollInterval: config.worker?.pollInterval ?? 5000,
      healthPort: config.worker?.healthPort,
      healthHost: config.worker?.healthHost ?? '127.0.0.1',
      staleAfter: config.worker?.staleAfter ?? 120_000,
    },
    serve: { host: config.serve?.host ?? '127.0.0.1', port: config.serve?.port ?? 8686 },
    disposable: config.disposable ?? false,
    notes: misspeltVariables(environment),
  }
}

function toolsOf({ engines }: Partial<CheckedConfig>): EngineSettings['tools'] {
  const tools = ENGINES.flatMap((name) =>
    engines?.[name] === undefined ? [] : [[name, withoutUndefined(engines[name])]],
  )
  return Object.fromEntries(tools) as EngineSettings['tools']
}

function clientsOf({ applications, ignoredRoles }: Partial<CheckedConfig>): Clients | undefined {
  if (applications === undefined) return undefined
  return {
    applications: Object.entries(applications).map(([name, { reports, seenEvery, roles }]) => ({
      name,
      reports: reports ?? true,
      seenEvery: seenEvery ?? DEFAULT_SEEN_EVERY,
      roles: roles ?? [],
    })),
    ignoredRoles: ignoredRoles ?? [],
  }
}

/** What is said outright; else what the database's address says; else the default. */
function dialectName(said: string | undefined, from: string, database: DatabaseSetting | undefined): string {
  if (said === undefined) return database?.dialect ?? DEFAULT_DIALECT
  const known = Object.hasOwn(DIALECTS, said) ? DIALECTS[said] : undefined
  if (known === undefined) throw configDialect(said, from)
  const reached = database?.dialect === undefined ? known : DIALECTS[database.dialect]
  if (reached?.protocol !== known.protocol) throw configDialects(said, from, database!.dialect!, database!.from)
  return said
}

/**
 * The database of these settings.
 *
 * @throws `CONFIG.NO_DATABASE` with the ways to give one
 */
export function requireDatabase(settings: Settings): DatabaseSetting {
  if (settings.database === undefined) throw configNoDatabase(settings.notes)
  return settings.database
}

function findConfig(cwd: string, given: string | undefined): string | undefined {
  if (given === undefined) return CONFIG_FILES.map((name) => join(cwd, name)).find((path) => existsSync(path))
  const path = resolve(cwd, given)
  if (!existsSync(path)) throw configNotFound(displayPath(cwd, path))
  return path
}

async function loadConfig(cwd: string, file: string): Promise<CheckedConfig> {
  const shown = displayPath(cwd, file)
  let exported: unknown
  try {
    exported = await createUserModuleLoader(dirname(file)).load(file)
  } catch (error) {
    const line = lineOf(error, file)
    throw configLoad(line === undefined ? { file: shown } : { file: shown, line }, whatItSaid(error), error)
  }
  if (typeof exported !== 'object' || exported === null || Array.isArray(exported)) {
    throw configExport({ file: shown }, exported === undefined ? 'nothing' : `a ${typeof exported}`)
  }
  return check(exported, shown, readFileSync(file, 'utf8'))
}

/** Settings of the environment go through the same checks as those of a file, under the variable's name. */
async function mergeEnvironment(
  config: Partial<CheckedConfig>,
  environment: Environment,
): Promise<Partial<CheckedConfig>> {
  let merged = config
  for (const [path, { value, from }] of readEnvironment(environment)) {
    if (path === 'database') continue
    merged = overlay(merged, await checkPath(path, value, from))
  }
  return merged
}

async function mergeFlags(config: Partial<CheckedConfig>, options: SettingsOptions): Promise<Partial<CheckedConfig>> {
  const flags: readonly (readonly [flag: string, path: string, value: unknown])[] = [
    ['--migrations', 'migrations', options.migrations],
    ['--server-version', 'serverVersion', options.serverVersion],
    ['--lock-timeout', 'lock.lockTimeout', options.lockTimeout],
    ['--statement-timeout', 'lock.statementTimeout', options.statementTimeout],
    ['--max-lock-wait', 'lock.maxLockWait', options.maxLockWait],
    ['--batch-size', 'backfill.batchSize', options.batchSize],
    ['--batch-time', 'backfill.batchTime', options.batchTime],
    ['--max-rows-per-second', 'backfill.maxRowsPerSecond', options.maxRowsPerSecond],
    ['--workers', 'backfill.workers', options.workers],
    ['--poll-interval', 'worker.pollInterval', options.pollInterval],
    ['--health-port', 'worker.healthPort', options.healthPort],
    ['--health-host', 'worker.healthHost', options.healthHost],
    ['--port', 'serve.port', options.port],
    ['--host', 'serve.host', options.host],
    ['--stale-after', 'worker.staleAfter', options.staleAfter],
  ]
  let merged = config
  for (const [flag, path, value] of flags) {
    if (value !== undefined) merged = overlay(merged, await checkPath(path, value, flag))
  }
  return merged
}

function checkPath(path: string, value: unknown, from: string): Promise<CheckedConfig> {
  const [first, second] = path.split('.') as [string, string?]
  return check({ [first]: second === undefined ? value : { [second]: value } }, from, '')
}

/** The schema library is loaded only where there is something to check: most of what `status` would load otherwise. */
async function check(value: unknown, from: string, source: string): Promise<CheckedConfig> {
  const { checkConfig } = await import('./check-config.js')
  return checkConfig(value, from, source)
}

/** One level deep, as the config is. */
function overlay(below: Partial<CheckedConfig>, above: Partial<CheckedConfig>): Partial<CheckedConfig> {
  return {
    ...below,
    ...above,
    ...(above.lock === undefined ? {} : { lock: { ...below.lock, ...above.lock } }),
    ...(above.backfill === undefined ? {} : { backfill: { ...below.backfill, ...above.backfill } }),
    ...(above.engines === undefined ? {} : { engines: { ...below.engines, ...above.engines } }),
    ...(above.worker === undefined ? {} : { worker: { ...below.worker, ...above.worker } }),
    ...(above.contract === undefined ? {} : { contract: { ...below.contract, ...above.contract } }),
  }
}

async function findDatabase(
  options: SettingsOptions,
  environment: Environment,
  config: Partial<CheckedConfig>,
  file: string,
): Promise<DatabaseSetting | undefined> {
  const own = nonEmpty(environment.PHASEGATE_DATABASE_URL)
  const bare = nonEmpty(environment.DATABASE_URL)
  if (options.database !== undefined) return readConnection(options.database, '--database')
  if (own !== undefined) return readConnection(own, 'PHASEGATE_DATABASE_URL')
  // `database: process.env.DATABASE_URL` where that is unset is silence, not a wrong value.
  if (config.database !== undefined && config.database !== '') return readConnection(config.database, file)
  return bare === undefined ? undefined : readConnection(bare, 'DATABASE_URL')
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text
}

function withoutUndefined<T extends object>(value: T | undefined): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(value ?? {}).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

import { nearestName } from '@phasegate/core'
import { configValue } from './config-errors.js'

export type Environment = Readonly<Record<string, string | undefined>>

type Kind = 'text' | 'number' | 'boolean' | 'list' | 'applications'

interface Twin {
  /** Path in the config. */
  readonly path: string
  readonly kind: Kind
}

/** The environment twin of every setting but `gates`, which are code, and `backfill.throttle` and the tools of `engines`, which are structures. */
export const ENVIRONMENT_TWINS: Readonly<Record<string, Twin>> = {
  PHASEGATE_DATABASE_URL: { path: 'database', kind: 'text' },
  PHASEGATE_DIALECT: { path: 'dialect', kind: 'text' },
  PHASEGATE_SERVER_VERSION: { path: 'serverVersion', kind: 'text' },
  PHASEGATE_MIGRATIONS: { path: 'migrations', kind: 'text' },
  PHASEGATE_APPLICATIONS: { path: 'applications', kind: 'applications' },
  PHASEGATE_IGNORED_ROLES: { path: 'ignoredRoles', kind: 'list' },
  PHASEGATE_APP_ROLES: { path: 'appRoles', kind: 'list' },
  PHASEGATE_BATCH_TIME: { path: 'backfill.batchTime', kind: 'text' },
  PHASEGATE_BATCH_SIZE: { path: 'backfill.batchSize', kind: 'number' },
  PHASEGATE_MAX_ROWS_PER_SECOND: { path: 'backfill.maxRowsPerSecond', kind: 'number' },
  PHASEGATE_BACKFILL_ONLY: { path: 'backfill.only', kind: 'list' },
  PHASEGATE_WORKERS: { path: 'backfill.workers', kind: 'number' },
  PHASEGATE_ENGINES: { path: 'engines.prefer', kind: 'list' },
  PHASEGATE_ENGINE_THRESHOLD_ROWS: { path: 'engines.thresholdRows', kind: 'number' },
  PHASEGATE_ENGINE_THRESHOLD_BYTES: { path: 'engines.thresholdBytes', kind: 'text' },
  PHASEGATE_ENGINE_DIRECTORY: { path: 'engines.directory', kind: 'text' },
  PHASEGATE_LOCK_TIMEOUT: { path: 'lock.lockTimeout', kind: 'text' },
  PHASEGATE_STATEMENT_TIMEOUT: { path: 'lock.statementTimeout', kind: 'text' },
  PHASEGATE_MAX_LOCK_WAIT: { path: 'lock.maxLockWait', kind: 'text' },
  PHASEGATE_RETRIES: { path: 'lock.retries', kind: 'number' },
  PHASEGATE_RETRY_FOR: { path: 'lock.retryFor', kind: 'text' },
  PHASEGATE_CONTRACT_ANNOUNCE: { path: 'contract.announce', kind: 'text' },
  PHASEGATE_CONTRACT_CONFIRM: { path: 'contract.confirm', kind: 'text' },
  PHASEGATE_WORKER_POLL_INTERVAL: { path: 'worker.pollInterval', kind: 'text' },
  PHASEGATE_WORKER_HEALTH_PORT: { path: 'worker.healthPort', kind: 'number' },
  PHASEGATE_WORKER_HEALTH_HOST: { path: 'worker.healthHost', kind: 'text' },
  PHASEGATE_WORKER_STALE_AFTER: { path: 'worker.staleAfter', kind: 'text' },
  PHASEGATE_SERVE_PORT: { path: 'serve.port', kind: 'number' },
  PHASEGATE_SERVE_HOST: { path: 'serve.host', kind: 'text' },
  PHASEGATE_DISPOSABLE: { path: 'disposable', kind: 'boolean' },
}

/** Variables that other parts read: they are no settings of the config. */
const OTHER_VARIABLES = ['PHASEGATE_CONFIG', 'PHASEGATE_BUILD', 'PHASEGATE_ACTOR', 'PHASEGATE_SERVE_TOKEN']

/**
 * The settings that the environment makes, keyed by their path. An empty variable is an unset one.
 *
 * @throws `CONFIG.VALUE` naming the variable
 */
export function readEnvironment(environment: Environment): ReadonlyMap<string, { value: unknown; from: string }> {
  const settings = new Map<string, { value: unknown; from: string }>()
  for (const [name, twin] of Object.entries(ENVIRONMENT_TWINS)) {
    const text = environment[name]
    if (text !== undefined && text.trim() !== '') settings.set(twin.path, { value: read(name, twin, text), from: name })
  }
  return settings
}

/**
 * Notes on variables that look like a misspelt setting. Only notes: Kubernetes itself sets `PHASEGATE_SERVICE_HOST` and
 * the like wherever a Service is called phasegate.
 */
export function misspeltVariables(environment: Environment): readonly string[] {
  const known = [...Object.keys(ENVIRONMENT_TWINS), ...OTHER_VARIABLES]
  return Object.keys(environment).flatMap((name) => {
    if (!name.startsWith('PHASEGATE_') || known.includes(name)) return []
    const meant = nearestName(
      name.slice('PHASEGATE_'.length),
      known.map((other) => other.slice('PHASEGATE_'.length)),
    )
    return meant === undefined ? [] : [`${name} is not a setting; did you mean PHASEGATE_${meant}?`]
  })
}

function read(name: string, twin: Twin, text: string): unknown {
  switch (twin.kind) {
    case 'text':
      return text.trim()
    case 'number':
      if (!/^\d+$/.test(text.trim())) throw configValue(name, twin.path, 'a whole number')
      return Number(text)
    case 'boolean':
      if (/^(1|true|yes|on)$/i.test(text.trim())) return true
      if (/^(0|false|no|off)$/i.test(text.trim())) return false
      throw configValue(name, twin.path, '1 or 0')
    case 'list':
      return names(text)
    case 'applications':
      return Object.fromEntries(names(text).map((application) => [application, {}]))
  }
}

function names(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

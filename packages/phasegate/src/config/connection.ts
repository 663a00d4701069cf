import { DIALECTS, KNEX_CLIENTS } from '../load/dialects.js'
import { configDatabaseUrl, configDialect, configPool, configValue } from './config-errors.js'
import type { ConnectionSettings } from './phasegate-config.js'
import type { DatabaseSetting } from './settings.js'

/**
 * Reads what a person gave as the database: a URL, a knex configuration, or settings of the `pg` driver.
 *
 * @param from who gave it, for messages: `--database`, `PHASEGATE_DATABASE_URL`, the config's path
 * @throws `CONFIG.DATABASE_URL`, `CONFIG.DIALECT`, `CONFIG.POOL`, `CONFIG.VALUE`; none of them shows a password
 */
export async function readConnection(given: unknown, from: string): Promise<DatabaseSetting> {
  if (typeof given === 'string') return { connection: checkedUrl(given, from), from }
  if (isLive(given)) throw configPool(from)
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw configValue(from, 'database', 'a URL, a knex configuration or connection settings')
  }
  if (!('client' in given) && !('connection' in given)) return { connection: { ...given }, from }
  return { connection: await fromKnex(given, from), from }
}

function checkedUrl(given: string, from: string): string {
  const url = given.trim()
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase()
  if (scheme === undefined) throw configDatabaseUrl(from, 'It does not begin with postgres://.')
  assertDialect(scheme, from)
  // Without a host it is a Unix socket (libpq: connection URIs), which `new URL` takes as well.
  if (!URL.canParse(url))
    throw configDatabaseUrl(from, 'It does not parse; a special character may need percent-encoding.')
  return url
}

function assertDialect(name: string, from: string): void {
  const dialect = KNEX_CLIENTS[name] ?? name
  if (!Object.hasOwn(DIALECTS, dialect)) throw configDialect(dialect, from)
}

/** A pool, a client or a knex instance: things with connections of their own. */
function isLive(given: unknown): boolean {
  if (typeof given === 'function') return true
  return typeof given === 'object' && given !== null && 'query' in given && typeof given.query === 'function'
}

async function fromKnex(given: object, from: string): Promise<string | ConnectionSettings> {
  const config = given as Readonly<Record<string, unknown>>
  if (typeof config.client === 'string') assertDialect(config.client, from)
  const connection = await (typeof config.connection === 'function' ? config.connection() : config.connection)
  const searchPath = typeof config.searchPath === 'string' ? [config.searchPath] : config.searchPath
  if (typeof connection === 'string') {
    const url = checkedUrl(connection, from)
    return Array.isArray(searchPath) ? withOptions(url, searchPathOption(searchPath)) : url
  }
  if (typeof connection !== 'object' || connection === null) {
    throw configValue(from, 'database.connection', 'a URL or connection settings')
  }
  if (isLive(connection)) throw configPool(from)
  return Array.isArray(searchPath) ? { ...connection, options: searchPathOption(searchPath) } : { ...connection }
}

function withOptions(url: string, options: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}options=${encodeURIComponent(options)}`
}

/** knex sets it by a statement on each new connection; a startup option does the same and costs no round trip. */
function searchPathOption(schemas: readonly unknown[]): string {
  const list = schemas.map((schema) => `"${String(schema).replaceAll('"', '""')}"`).join(',')
  return `-c search_path=${list.replace(/[\\ ]/g, (character) => `\\${character}`)}`
}

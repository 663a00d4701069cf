import { dialectOf } from '../load/dialect-of.js'
import { DEFAULT_DIALECT, DIALECT_OF_CLIENT, DIALECTS } from '../load/dialects.js'
import { configDatabaseUrl, configDialect, configPool, configValue } from './config-errors.js'
import type { ConnectionSettings } from './phasegate-config.js'
import type { DatabaseSetting } from './settings.js'

type Connection = DatabaseSetting['connection']

/**
 * Reads what a person gave as the database: a URL, a knex configuration, or settings of a driver.
 *
 * @param from who gave it, for messages: `--database`, `PHASEGATE_DATABASE_URL`, the config's path
 * @throws `CONFIG.DATABASE_URL`, `CONFIG.DIALECT`, `CONFIG.POOL`, `CONFIG.VALUE`; none of them shows a password
 */
export async function readConnection(given: unknown, from: string): Promise<DatabaseSetting> {
  if (typeof given === 'string') return { ...checkedUrl(given, from), from }
  if (isLive(given)) throw configPool(from)
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw configValue(from, 'database', 'a URL, a knex configuration or connection settings')
  }
  if (!('client' in given) && !('connection' in given)) return { connection: { ...given }, from, dialect: undefined }
  return { ...(await fromKnex(given, from)), from }
}

function checkedUrl(given: string, from: string): { readonly connection: string; readonly dialect: string } {
  const url = given.trim()
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase()
  if (scheme === undefined) {
    const schemes = Object.keys(DIALECTS).map((name) => `${name}://`)
    throw configDatabaseUrl(from, `It does not begin with ${schemes.slice(0, -1).join(', ')} or ${schemes.at(-1)}.`)
  }
  const dialect = knownDialect(scheme, from)
  // Without a host it is a Unix socket (libpq: connection URIs), which `new URL` takes as well.
  if (!URL.canParse(url))
    throw configDatabaseUrl(from, 'It does not parse; a special character may need percent-encoding.')
  return { connection: url, dialect }
}

function knownDialect(client: string, from: string): string {
  const dialect = DIALECT_OF_CLIENT[client] ?? client
  if (!Object.hasOwn(DIALECTS, dialect)) throw configDialect(dialect, from)
  return dialect
}

/** A pool, a client or a knex instance: things with connections of their own. */
function isLive(given: unknown): boolean {
  if (typeof given === 'function') return true
  return typeof given === 'object' && given !== null && 'query' in given && typeof given.query === 'function'
}

async function fromKnex(given: object, from: string): Promise<Pick<DatabaseSetting, 'connection' | 'dialect'>> {
  const config = given as Readonly<Record<string, unknown>>
  const client = typeof config.client === 'string' ? knownDialect(config.client, from) : undefined
  const said = await (typeof config.connection === 'function' ? config.connection() : config.connection)
  const read =
    typeof said === 'string' ? checkedUrl(said, from) : { connection: settingsOf(said, from), dialect: client }
  const dialect = client ?? read.dialect
  return { connection: await withSearchPath(read.connection, config.searchPath, dialect), dialect }
}

function settingsOf(said: unknown, from: string): ConnectionSettings {
  if (typeof said !== 'object' || said === null) {
    throw configValue(from, 'database.connection', 'a URL or connection settings')
  }
  if (isLive(said)) throw configPool(from)
  return { ...said }
}

/** knex's `searchPath`, where the dialect has such a thing. */
async function withSearchPath(
  connection: Connection,
  searchPath: unknown,
  dialect: string | undefined,
): Promise<Connection> {
  const schemas: unknown = typeof searchPath === 'string' ? [searchPath] : searchPath
  if (!Array.isArray(schemas)) return connection
  const { withSearchPath: add } = await dialectOf({ dialect: dialect ?? DEFAULT_DIALECT })
  return add === undefined ? connection : add(connection, schemas.map(String))
}

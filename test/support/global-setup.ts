import { writeFileSync } from 'node:fs'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { endServers } from './keep-server.js'
import { findPgBouncer } from './pgbouncer.js'
import { findPostgres, POSTGRES_VERSIONS, type PostgresVersion } from './postgres-binaries.js'
import { startPostgres } from './start-postgres.js'

/** What worker processes are told about a shared server. */
interface ProvidedServer {
  readonly url: string
  readonly version: string
  readonly source: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    postgresServers: { readonly [version in PostgresVersion]?: ProvidedServer }
  }
}

/** Starts the shared servers once a run; vitest calls what is returned when the run is over. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const found: { [version in PostgresVersion]?: ProvidedServer } = {}
  await Promise.all(
    POSTGRES_VERSIONS.map(async (version) => {
      const server = await findServer(version)
      if (server !== undefined) found[version] = server
    }),
  )
  project.provide('postgresServers', found)
  reportTo(process.env.PHASEGATE_TEST_REPORT, found)
  return endServers
}

async function findServer(version: PostgresVersion): Promise<ProvidedServer | undefined> {
  const variable = `PHASEGATE_TEST_POSTGRES_${version}_URL`
  const url = process.env[variable]
  if (url !== undefined && url !== '') return { url, version: await assertVersion(url, version), source: variable }
  const binaries = findPostgres(version)
  if (binaries === undefined) return undefined
  const server = await startPostgres(binaries)
  return { url: server.url(), version: server.version, source: binaries.source }
}

/** A URL for the wrong version would let a suite pass on a server that it was not meant for. */
async function assertVersion(url: string, expected: PostgresVersion): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ version: string }>(`SELECT current_setting('server_version') AS version`)
    const version = rows[0]?.version.split(' ')[0] ?? ''
    if (version.split('.')[0] === String(expected)) return version
    throw new Error(`PHASEGATE_TEST_POSTGRES_${expected}_URL leads to PostgreSQL ${version}`)
  } finally {
    await client.end()
  }
}

/** For the closing summary of scripts/test.mjs. */
function reportTo(file: string | undefined, found: { readonly [version in PostgresVersion]?: ProvidedServer }): void {
  if (file === undefined) return
  const servers = Object.values(found).map(({ version, source }) => `PostgreSQL ${version} (${source})`)
  const pgbouncer = findPgBouncer()
  writeFileSync(file, JSON.stringify(pgbouncer === undefined ? servers : [...servers, `PgBouncer (${pgbouncer})`]))
}

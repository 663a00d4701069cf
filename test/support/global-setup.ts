import { writeFileSync } from 'node:fs'
import type { TestProject } from 'vitest/node'
import { endServers } from './keep-server.mjs'
import { findPgBouncer } from './pgbouncer.js'
import { findPrometheus } from './prometheus.js'
import { type FoundServer, type FoundServers, findSharedServer, SHARED_SERVERS } from './shared-servers.js'

declare module 'vitest' {
  export interface ProvidedContext {
    servers: FoundServers
  }
}

/** Starts the shared servers once a run; vitest calls what is returned when the run is over. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const found: Record<string, FoundServer> = {}
  await Promise.all(
    SHARED_SERVERS.map(async (kind) => {
      const server = await findSharedServer(kind)
      if (server !== undefined) found[kind.name] = server
    }),
  )
  project.provide('servers', found)
  reportTo(process.env.PHASEGATE_TEST_REPORT, found)
  return endServers
}

/** For the closing summary of scripts/test.mjs. */
function reportTo(file: string | undefined, found: FoundServers): void {
  if (file === undefined) return
  const servers = SHARED_SERVERS.flatMap(({ name, title }) => {
    const server = found[name]
    return server === undefined ? [] : [`${title.split(' ')[0]} ${server.version} (${server.source})`]
  })
  const tools = { PgBouncer: findPgBouncer(), Prometheus: findPrometheus() }
  const beside = Object.entries(tools).flatMap(([name, path]) => (path === undefined ? [] : [`${name} (${path})`]))
  writeFileSync(file, JSON.stringify([...servers, ...beside]))
}

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createStatus } from '@phasegate/status'
import { databaseOf } from '../databases/databases.js'
import { answerUsers } from './answer-users.js'
import type { ApplicationPool } from './application-pool.js'
import type { UserStore } from './user-store.js'

/**
 * ms between "not ready any more" and closing the server: the balancer needs a few probes to notice. What a `preStop`
 * sleep is on Kubernetes.
 */
const DRAIN_MS = 1_500

/** Runs one instance of the application until SIGTERM, as a container would. Settings come from the environment. */
export async function startApplication(
  release: string,
  createUsers: (pool: ApplicationPool) => UserStore,
): Promise<void> {
  const instance = process.env.INSTANCE ?? release
  const url = process.env.DATABASE_URL ?? ''
  const pool = databaseOf(url).openPool(url, instance)
  const users = createUsers(pool)
  const status = createStatus({
    database: pool.client,
    manifest: process.env.MANIFEST,
    instance,
    pollInterval: { waiting: 500, ready: 1000 },
  })
  status.register()

  const server = createServer((request, response) => {
    if (!status.http.handle(request, response)) void answer(users, request, response)
  })
  // Longer than the balancer keeps an idle connection, so that it is never the application that closes one first.
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.send?.({ port: (server.address() as AddressInfo).port })

  const stop = async (): Promise<void> => {
    status.drain()
    await sleep(DRAIN_MS)
    server.close()
    server.closeIdleConnections()
    await once(server, 'close')
    await status.close()
    await pool.end()
    process.exit(0)
  }
  process.once('SIGTERM', () => void stop())
  // Ctrl-C reaches every process of the terminal; who started us decides when to stop.
  process.on('SIGINT', () => {})
  process.once('disconnect', () => process.exit(1))
}

async function answer(users: UserStore, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { code, body } = await answerUsers(users, request).catch((error: unknown) => ({
    code: 500,
    body: { error: error instanceof Error ? error.message : String(error) },
  }))
  response.writeHead(code, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

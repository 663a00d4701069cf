import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { EXIT, PhasegateError } from '@phasegate/core'
import { redactUrls } from '../config/redact-url.js'
import type { WorkerHealth } from './worker-health.js'

export interface HealthServer {
  /** `http://127.0.0.1:8080`, with the port that it got. */
  readonly url: string
  close(): Promise<void>
}

/**
 * Answers `GET /health/live` and `GET /health/ready`, 200 or 503 with the same JSON; everything else is 404.
 *
 * @param port 0: any that is free
 * @throws `WORKER.HEALTH_PORT` where the address cannot be had
 */
export async function startHealthServer(host: string, port: number, read: () => WorkerHealth): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0]
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, { error: 'GET only' })
    const health = read()
    if (path === '/health/live') return answer(response, health.live ? 200 : 503, health)
    if (path === '/health/ready') return answer(response, health.ready ? 200 : 503, health)
    answer(response, 404, { error: 'there are /health/live and /health/ready' })
  })
  // A probe asks and goes; one that keeps its connection does not keep the process.
  server.keepAliveTimeout = 1000
  await listen(server, host, port)
  return {
    url: urlOf(server.address() as AddressInfo),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(`${redactUrls(JSON.stringify(body))}\n`)
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(noPort(host, port, error)))
    server.listen(port, host, () => resolve())
  })
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

function noPort(host: string, port: number, cause: Error): PhasegateError {
  return new PhasegateError({
    code: 'WORKER.HEALTH_PORT',
    message: `The health endpoint cannot listen on ${host}:${port}.`,
    why: cause.message,
    next: ['Give another one with --health-port and --health-host, or stop what listens there.'],
    cause,
    exit: EXIT.usage,
  })
}

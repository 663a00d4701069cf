import type { ServerResponse } from 'node:http'
import { EXIT, PhasegateError } from '@phasegate/core'
import { type Metric, PROMETHEUS_TYPE, prometheusText } from '@phasegate/status'
import { redactUrls } from '../config/redact-url.js'
import { type RunningServer, startServer } from '../http/start-server.js'
import type { WorkerHealth } from './worker-health.js'

/**
 * Answers `GET /health/live` and `GET /health/ready`, 200 or 503 with the same JSON, and `GET /metrics`; everything else is
 * 404.
 *
 * @param port 0: any that is free
 * @throws `WORKER.HEALTH_PORT` where the address cannot be had
 */
export function startHealthServer(
  host: string,
  port: number,
  read: () => WorkerHealth,
  metrics: () => readonly Metric[],
): Promise<RunningServer> {
  return startServer(
    (request, response) => {
      const path = request.url?.split('?')[0]
      if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, { error: 'GET only' })
      if (path === '/metrics') {
        response.writeHead(200, { 'content-type': PROMETHEUS_TYPE, 'cache-control': 'no-store' })
        response.end(prometheusText(metrics()))
        return
      }
      const health = read()
      if (path === '/health/live') return answer(response, health.live ? 200 : 503, health)
      if (path === '/health/ready') return answer(response, health.ready ? 200 : 503, health)
      answer(response, 404, { error: 'there are /health/live, /health/ready and /metrics' })
    },
    { host, port, unavailable: (cause) => noPort(host, port, cause) },
  )
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(`${redactUrls(JSON.stringify(body))}\n`)
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

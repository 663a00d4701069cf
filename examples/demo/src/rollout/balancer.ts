import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Instance } from './instance.js'

/** ms between two readiness probes of an instance, and how long one may take. */
const PROBE_EVERY = 200
const PROBE_TIMEOUT = 1_000

export interface Balancer {
  readonly port: number
  /** Probes it from now on, and sends it requests while it is ready. */
  add(instance: Instance): void
  remove(instance: Instance): void
  isReady(instance: Instance): boolean
  close(): Promise<void>
}

/**
 * A load balancer that knows of its instances only what their readiness probes say: each request goes to the next one
 * whose last probe was answered with 200. It never tries a request again, so that every failure is seen.
 */
export async function startBalancer(): Promise<Balancer> {
  const ready = new Map<Instance, boolean>()
  // Shorter than the applications keep an idle connection.
  const agent = new Agent({ keepAlive: true, timeout: 20_000 })
  let turn = 0

  const server = createServer((incoming, response) => {
    const targets = [...ready].flatMap(([instance, isReady]) => (isReady ? [instance] : []))
    const target = targets[turn++ % targets.length]
    if (target === undefined) fail(response, 503, 'no instance is ready')
    else forward(target, incoming, response)
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    add(instance) {
      ready.set(instance, false)
      void probeWhileListed(instance)
    },
    remove: (instance) => void ready.delete(instance),
    isReady: (instance) => ready.get(instance) === true,
    async close() {
      ready.clear()
      server.close()
      server.closeAllConnections()
      agent.destroy()
      await once(server, 'close')
    },
  }

  async function probeWhileListed(instance: Instance): Promise<void> {
    while (ready.has(instance)) {
      const answer = await probe(instance.port)
      if (ready.has(instance)) ready.set(instance, answer)
      await sleep(PROBE_EVERY)
    }
  }

  function forward(target: Instance, incoming: IncomingMessage, response: ServerResponse): void {
    const { method, url: path } = incoming
    const { connection: _, host: __, ...headers } = incoming.headers
    const upstream = request({ agent, host: '127.0.0.1', port: target.port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, { 'content-type': answer.headers['content-type'] ?? 'text/plain' })
      answer.pipe(response)
    })
    upstream.on('error', (error) => fail(response, 502, `${target.name}: ${error.message}`))
    incoming.pipe(upstream)
  }
}

function fail(response: ServerResponse, code: number, error: string): void {
  if (response.headersSent) response.destroy()
  else response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))
}

async function probe(port: number): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(PROBE_TIMEOUT)
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false // Not listening (any more), or too slow: not ready, which is all that a probe asks.
  }
}

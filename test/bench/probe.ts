import { once } from 'node:events'
import { Agent, createServer, get, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createStatus } from '@phasegate/status'
import pg from 'pg'
import type { Bench } from './bench.js'
import { measurePairs } from './pairs.js'
import { barRow, judgedRow } from './row.js'

const CLIENTS = 16
const MS = 1500

/** The readiness handler against a bare node:http handler: requests a second, from clients in the same process. */
export const benchProbe: Bench = async ({ database: { url }, sizes: { pairs } }) => {
  const pool = new pg.Pool({ connectionString: url })
  let queries = 0
  const status = createStatus({
    database: async (sql: string) => {
      queries++
      return (await pool.query(sql)).rows
    },
    manifest: undefined,
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  })
  await status.refresh()
  const body = JSON.stringify({ status: 'pass' })
  const ours = await listen(createServer((request, response) => status.http.ready(request, response)))
  const bare = await listen(
    createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      response.end(body)
    }),
  )
  await load(ours)
  await load(bare)
  queries = 0
  const bar = await measurePairs(
    pairs,
    () => load(ours),
    () => load(bare),
  )
  const asked = queries
  for (const one of [ours, bare]) one.close()
  status.close()
  await pool.end()
  return [
    barRow('readiness handler / bare node:http handler, requests/s', bar, { better: 'more', aim: 0.8, miss: 0.8 }),
    judgedRow('queries for those probes', asked, String(asked), { better: 'less', aim: 0, miss: 0 }),
  ]
}

async function listen(server: Server): Promise<Server> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function load(server: Server): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })
  const { port } = server.address() as AddressInfo
  let done = 0
  const until = performance.now() + MS
  const client = async (): Promise<void> => {
    while (performance.now() < until) {
      await new Promise<void>((resolve, reject) => {
        get({ agent, port, host: '127.0.0.1', path: '/health/ready' }, (response) => {
          if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode}`))
          response.resume().once('end', resolve)
        }).once('error', reject)
      })
      done++
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  agent.destroy()
  return (done * 1000) / MS
}

import { once } from 'node:events'
import { createServer, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createStatus, type Status } from '@phasegate/status'
import express from 'express'
import fastify from 'fastify'
import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDatabase, describeOnPostgres, type TestDatabase } from '../support/servers.js'
import { EMAIL, manifestThatUses, recordUnits, WITH_JOURNAL } from './journal-rows.js'

interface Reply {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** Starts an application with all our routes and resolves to its URL. */
type StartApp = (status: Status) => Promise<string>

const urlOf = (server: { address(): unknown }): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const startNode: StartApp = async (status) => {
  const server = createServer((request, response) => {
    if (!status.http.handle(request, response)) response.writeHead(418).end('the application')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return urlOf(server)
}

const startExpress: StartApp = async (status) => {
  const app = express()
  app.use(status.express.routes)
  app.get('/own/ready', status.express.ready)
  app.get('/own/unit/:migration/:phase', status.express.unit)
  app.use((_, response) => void response.status(418).send('the application'))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return urlOf(server)
}

const startFastify: StartApp = async (status) => {
  const app = fastify()
  await app.register(status.fastify)
  app.get('/own/ready', status.fastify.ready)
  app.get('/own/unit/:migration/:phase', status.fastify.unit)
  app.setNotFoundHandler((_, reply) => reply.code(418).send('the application'))
  await app.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => app.close())
  return urlOf(app.server)
}

function ask(url: string, method = 'GET', body?: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = send(
      url,
      { method, headers: body === undefined ? {} : { 'content-type': 'text/plain' } },
      (response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: text }))
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

const APPS: [string, StartApp][] = [
  ['node:http', startNode],
  ['Express 5', startExpress],
  ['Fastify 5', startFastify],
]

describeOnPostgres(18, 'status over HTTP', (server) => {
  describe.each(APPS)('%s', (name, start) => {
    async function follow(): Promise<{ status: Status; url: string; database: TestDatabase; queries: string[] }> {
      const database = await createDatabase(server, WITH_JOURNAL)
      const pool = new pg.Pool({ connectionString: database.url, max: 1 })
      const queries: string[] = []
      const quiet = { debug() {}, info() {}, warn() {}, error() {} }
      const status = createStatus({
        database: (sql) => {
          queries.push(sql)
          return pool.query(sql)
        },
        manifest: manifestThatUses('both'),
        logger: quiet,
        pollInterval: { waiting: 7000 },
      })
      onTestFinished(async () => {
        status.close()
        await pool.end()
      })
      return { status, url: await start(status), database, queries }
    }

    test('answers probes from memory: no query a probe', async () => {
      const { status, url, database, queries } = await follow()
      await status.refresh()
      expect(await ask(`${url}/health/ready`)).toMatchObject({
        status: 503,
        body: '{"status":"fail","verdict":"behind","missing":1}',
      })
      await recordUnits(database, { [`${EMAIL}:expand`]: 'applied' })
      await status.refresh()
      queries.length = 0
      const paths = [
        '/health/live',
        '/health/startup',
        '/health/ready',
        '/migrations/status',
        `/migrations/unit/${EMAIL}/expand`,
      ]
      for (const path of Array.from({ length: 20 }, () => paths).flat()) {
        const reply = await ask(url + path)
        expect([path, reply.status]).toEqual([path, 200])
        expect(reply.headers).toMatchObject({
          'content-type': 'application/json; charset=utf-8',
          'cache-control': 'no-store',
        })
        expect(reply.headers['content-length']).toBe(String(Buffer.byteLength(reply.body)))
      }
      expect(queries).toEqual([])
      expect((await ask(`${url}/health/ready`)).body).toBe('{"status":"pass","verdict":"compatible"}')
    })

    test('has started once the journal was asked, whatever the answer was', async () => {
      let fail = (_: Error): void => {}
      const status = createStatus({
        database: () => new Promise((_, reject) => (fail = reject)),
        logger: { debug() {}, info() {}, warn() {}, error() {} },
      })
      onTestFinished(() => status.close())
      const url = await start(status)
      expect((await ask(`${url}/health/startup`)).status).toBe(503)
      expect((await ask(`${url}/health/live`)).status).toBe(200)
      fail(new Error('down'))
      await status.refresh()
      expect((await ask(`${url}/health/startup`)).status).toBe(200)
      expect((await ask(`${url}/health/ready`)).body).toBe('{"status":"fail","verdict":"unknown"}')
      expect((await ask(`${url}/migrations/status`)).status).toBe(200)
      status.unrecoverable('the event loop is stuck')
      expect(await ask(`${url}/health/live`)).toMatchObject({ status: 503, body: expect.stringContaining('stuck') })
    })

    test('tells of units and gates, with Retry-After', async () => {
      const { status, url, database } = await follow()
      await recordUnits(database, { [`${EMAIL}:backfill`]: 'paused' })
      await database.query(`INSERT INTO phasegate.evidence (migration, phase, gate, verdict, reason, detail, observed_at)
        SELECT '${EMAIL}', p, 'soak', 'open', 'r', jsonb_build_object('name', 'soak', 'state', 'open', 'reason', 'r', 'observedAt', now(), 'expiresAt', e), now()
        FROM (VALUES ('expand', now() + interval '1 hour'), ('contract', now() - interval '1 second')) v (p, e)`)
      await status.refresh()
      expect(await ask(`${url}/migrations/unit/${EMAIL}/backfill`)).toMatchObject({
        status: 503,
        headers: { 'retry-after': '7' },
        body: expect.stringContaining('"state":"paused"'),
      })
      expect(await ask(`${url}/migrations/unit/unheard/expand`)).toMatchObject({
        status: 503,
        body: expect.stringContaining('"pending"'),
      })
      expect((await ask(`${url}/migrations/unit/${EMAIL}/shrink`)).status).toBe(404)
      expect(await ask(`${url}/migrations/gate/${EMAIL}/expand`)).toMatchObject({
        status: 200,
        body: expect.stringContaining('"open"'),
      })
      expect(await ask(`${url}/migrations/gate/${EMAIL}/contract`)).toMatchObject({
        status: 503,
        headers: { 'retry-after': '7' },
        body: expect.stringContaining('"state":"unknown"'),
      })
      expect((await ask(`${url}/migrations/gate/${EMAIL}/backfill`)).status).toBe(503)
    })

    test('answers HEAD without a body and other methods with 405', async () => {
      const { status, url } = await follow()
      await status.refresh()
      const [get, head] = [await ask(`${url}/health/ready`), await ask(`${url}/health/ready`, 'HEAD')]
      expect([head.status, head.body, head.headers['content-length']]).toEqual([
        get.status,
        '',
        get.headers['content-length'],
      ])
      for (const method of ['POST', 'PUT', 'DELETE'])
        expect(await ask(`${url}/health/live`, method)).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
      expect((await ask(`${url}/elsewhere`)).status).toBe(418)
    })

    test('drains', async () => {
      const { status, url, database } = await follow()
      await recordUnits(database, { [`${EMAIL}:expand`]: 'applied' })
      await status.refresh()
      expect((await ask(`${url}/health/ready`)).status).toBe(200)
      status.drain()
      expect(await ask(`${url}/health/ready`)).toMatchObject({
        status: 503,
        body: '{"status":"fail","verdict":"compatible","draining":true}',
      })
      expect((await ask(`${url}/health/live`)).status).toBe(200)
    })

    if (name !== 'node:http')
      test('lets single handlers be mounted anywhere', async () => {
        const { status, url, database } = await follow()
        await recordUnits(database, { [`${EMAIL}:expand`]: 'applied' })
        await status.refresh()
        expect((await ask(`${url}/own/ready?verbose`)).status).toBe(200)
        expect((await ask(`${url}/own/unit/${EMAIL}/expand`)).status).toBe(200)
        expect((await ask(`${url}/own/unit/${EMAIL}/contract`)).status).toBe(503)
      })
  })
})

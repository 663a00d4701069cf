import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { askGates } from '@phasegate/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { context } from '../gate-fixtures.test.support.js'
import { type HttpOptions, http } from './http.js'

const running: (() => void)[] = []
afterEach(() => {
  vi.unstubAllEnvs()
  for (const stop of running.splice(0)) stop()
})

/** A server of this test's own; its URL. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  running.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const ask = async (url: string, options?: HttpOptions) => (await askGates([http(url, options)], context()))[0]!

describe('http', () => {
  it('opens on 200, with what it said, for as long as it counts', async () => {
    const url = await serve((_, response) => response.end('{"ok":\n true}'))
    expect(await ask(`${url}/ready?token=abc`)).toMatchObject({
      name: `http(${url}/ready)`,
      state: 'open',
      reason: `GET ${url}/ready answered 200: {"ok": true}`,
      observed: '200',
      expiresAt: '2026-11-22T12:05:00.000Z',
    })
  })

  it.each([201, 204, 401, 404, 429, 500, 503])('is closed by %i, with what it said', async (status) => {
    const url = await serve((_, response) => response.writeHead(status).end(status === 204 ? '' : 'not yet'))
    expect(await ask(url)).toMatchObject({ state: 'closed', observed: `${status}`, required: '200' })
    if (status !== 204) expect((await ask(url)).reason).toContain('not yet')
  })

  it('is unknown where nobody answers, and where the answer takes too long', async () => {
    const url = await serve(() => {})
    expect(await ask(url, { timeout: '1s' })).toMatchObject({
      state: 'unknown',
      reason: 'could not be asked: it did not answer within 1000 ms',
    })
    expect(await ask('http://127.0.0.1:1/')).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('no answer'),
    })
  })

  it('is unknown where a connection breaks in the middle of the answer', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half')
      setTimeout(() => response.destroy(), 20)
    })
    expect((await ask(url)).state).toBe('unknown')
  })

  it('follows no redirect, unless it may, and never with a secret to another origin', async () => {
    vi.stubEnv('GATE_TOKEN', 'Bearer s3cret')
    const seen: (string | undefined)[] = []
    const note = ({ headers }: IncomingMessage): number => seen.push(headers.authorization)
    const other = await serve((request, response) => {
      note(request)
      response.end('elsewhere')
    })
    const url = await serve((request, response) => {
      note(request)
      if (request.url === '/there') response.end('there')
      else response.writeHead(302, { location: request.url === '/away' ? `${other}/x?key=1` : '/there' }).end()
    })
    const headersFrom = { authorization: 'GATE_TOKEN' }
    expect(await ask(url, { headersFrom })).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('follows no redirect'),
    })
    expect(await ask(url, { headersFrom, redirects: 'same origin' })).toMatchObject({ state: 'open' })
    const refused = await ask(`${url}/away`, { headersFrom, redirects: 'same origin' })
    expect(refused).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining(`${other}/x, which is another origin`),
    })
    expect(seen).toEqual(Array.from(seen, () => 'Bearer s3cret'))
    seen.length = 0
    expect(await ask(`${url}/away`, { headersFrom, redirects: 'anywhere' })).toMatchObject({ state: 'open' })
    expect(seen).toEqual(['Bearer s3cret', undefined])
  })

  it('gives up a circle of redirects', async () => {
    const url = await serve((_, response) => response.writeHead(302, { location: '/' }).end())
    expect(await ask(url, { redirects: 'anywhere' })).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('after 5 redirects'),
    })
  })

  it('reads no more than a mebibyte and keeps 500 characters', async () => {
    let written = 0
    const url = await serve((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) written += 65_536
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
    const check = await ask(url)
    expect(check.state).toBe('open')
    expect(check.reason.length).toBeLessThan(600)
    expect(written).toBeLessThan(64 * 1_048_576)
  })

  it('posts a body, as JSON where it is no text', async () => {
    const url = await serve((request, response) => {
      request.on('data', (chunk) => response.write(`${request.method} ${request.headers['content-type']} ${chunk}`))
      request.on('end', () => response.end())
    })
    const check = await ask(url, { method: 'POST', body: { unit: 'm' } })
    expect(check.reason).toContain('POST application/json {"unit":"m"}')
  })

  it('records no secret, also where the service or the network repeats it', async () => {
    vi.stubEnv('GATE_TOKEN', 's3cret/value')
    const url = await serve((request, response) =>
      response
        .writeHead(403)
        .end(`no: ${request.headers.authorization} ${encodeURIComponent(`${request.headers['x-key']}`)}`),
    )
    const headersFrom = { authorization: 'GATE_TOKEN', 'x-key': 'GATE_TOKEN' }
    const check = await ask(url.replace('//', '//user:pa55word@'), { headersFrom })
    expect(check.reason).toContain('no: [GATE_TOKEN] [GATE_TOKEN]')
    vi.stubEnv('GATE_TOKEN', 's3cret\nvalue')
    const broken = await ask(url, { headersFrom })
    expect(broken.state).toBe('unknown')
    expect(JSON.stringify([check, broken])).not.toMatch(/s3cret|pa55word/)
  })

  it('holds where a secret is not set, instead of asking without it', async () => {
    let asked = 0
    const url = await serve((_, response) => response.end(`${++asked}`))
    expect(await ask(url, { headersFrom: { authorization: 'GATE_NOT_SET' } })).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('GATE_NOT_SET'),
    })
    expect(asked).toBe(0)
  })

  it('refuses what is no URL of HTTP without repeating it', () => {
    for (const url of ['', 'ready', 'ftp://user:pa55word@host/']) {
      expect(() => http(url)).toThrow(expect.objectContaining({ code: 'GATE.URL', exit: 2 }))
      expect(() => http(url)).not.toThrow('pa55word')
    }
  })
})

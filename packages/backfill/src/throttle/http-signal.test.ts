import type { RequestListener } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { nobody, startHttpServer } from './http-server.test.support.js'
import { httpSignal } from './http-signal.js'

const serve = (listener: RequestListener): Promise<string> => startHttpServer(listener, onTestFinished)
const read = (url: string, ms = 5000) => httpSignal(url).read(undefined, AbortSignal.timeout(ms))

test('200 is go on and 429 is wait', async () => {
  let status = 200
  const url = await serve((_, response) => response.writeHead(status).end('{"StatusCode":0}'))
  expect(await read(`${url}/check`)).toEqual({ state: 'value', value: 0 })
  status = 429
  expect(await read(`${url}/check`)).toEqual({ state: 'value', value: 1 })
})

test.each([500, 404, 417, 204, 503])('%i says nothing', async (status) => {
  const url = await serve((_, response) => response.writeHead(status).end())
  await expect(read(url)).rejects.toThrow(`it answered ${status}, which is neither 200 nor 429`)
})

test('who does not answer, or not at all, is not known', async () => {
  const silent = await serve(() => {})
  await expect(read(silent, 100)).rejects.toThrow('it does not answer in time')
  await expect(read(await nobody())).rejects.toThrow(/^connect ECONNREFUSED 127\.0\.0\.1:\d+$/)
  const broken = await serve((request) => request.socket.destroy())
  await expect(read(broken)).rejects.toThrow(/other side closed|socket hang up|ECONNRESET/)
})

test('a redirect is not followed', async () => {
  let asked = 0
  const url = await serve((request, response) => {
    asked++
    if (request.url === '/login') response.end()
    else response.writeHead(302, { location: '/login' }).end()
  })
  await expect(read(url)).rejects.toThrow('it redirects, which is not followed')
  expect(asked).toBe(1)
})

test('a body is not waited for, however long it is and whether it ends or not', async () => {
  let sent = 0
  const url = await serve((_, response) => {
    response.writeHead(200)
    const part = Buffer.alloc(1024 ** 2)
    const more = (): void => {
      if (response.destroyed || sent > 500) return
      sent++
      response.write(part, more)
    }
    more()
  })
  const before = performance.now()
  expect(await read(url)).toEqual({ state: 'value', value: 0 })
  expect(performance.now() - before).toBeLessThan(3000)
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(sent).toBeLessThan(100)
  const endless = await serve((_, response) => response.writeHead(200).write('wait'))
  expect(await read(endless)).toEqual({ state: 'value', value: 0 })
})

test('credentials of the URL are sent and never shown', async () => {
  const url = await serve((request, response) => {
    const wanted = `Basic ${Buffer.from('who:s@cret').toString('base64')}`
    response.writeHead(request.headers.authorization === wanted ? 200 : 401).end()
  })
  const own = new URL(url)
  own.username = 'who'
  own.password = 's@cret'
  expect(await read(own.href)).toEqual({ state: 'value', value: 0 })
  own.searchParams.set('token', 'hidden')
  expect(httpSignal(own.href).name).toBe(`check ${url}/`)
  own.port = new URL(await nobody()).port
  const problem = await read(own.href).catch(String)
  expect(problem).toContain('ECONNREFUSED')
  expect(problem).not.toMatch(/cret|hidden/)
})

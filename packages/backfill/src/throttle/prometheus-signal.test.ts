import type { RequestListener } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { nobody, startHttpServer } from './http-server.test.support.js'
import { prometheusSignal } from './prometheus-signal.js'

const serve = (listener: RequestListener): Promise<string> => startHttpServer(listener, onTestFinished)
const signalAt = (url: string) => prometheusSignal({ url, query: 'max(lag)', limits: { soft: 1, hard: 2 } })
const read = (url: string, ms = 5000) => signalAt(url).read(undefined, AbortSignal.timeout(ms))

/** A server that gives this answer to an instant query. */
async function answering(body: unknown, status = 200): Promise<string> {
  return serve((request, response) => {
    if (request.url !== '/prom/api/v1/query?query=max%28lag%29') return void response.writeHead(404).end('not here')
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }).then((url) => `${url}/prom`)
}

/** As Prometheus 2.42 gives it (test/backfill/prometheus.test.ts asks a real one). */
const vector = (...values: string[]) => ({
  status: 'success',
  data: {
    resultType: 'vector',
    result: values.map((value, at) => ({
      metric: { __name__: 'lag', host: `r${at}` },
      value: [1764305432.781, value],
    })),
  },
})

test('of several series the greatest value counts, and NaN is none', async () => {
  expect(await read(await answering(vector('1.5')))).toEqual({ state: 'value', value: 1.5 })
  expect(await read(await answering(vector('1', '7e-1', '3.25', 'NaN')))).toEqual({ state: 'value', value: 3.25 })
  expect(await read(await answering(vector('-2', '-Inf')))).toEqual({ state: 'value', value: -2 })
  expect(await read(await answering(vector('1', '+Inf')))).toEqual({ state: 'value', value: Number.POSITIVE_INFINITY })
})

test('a scalar is a value', async () => {
  const scalar = { status: 'success', data: { resultType: 'scalar', result: [1764305432.781, '4'] } }
  expect(await read(await answering(scalar))).toEqual({ state: 'value', value: 4 })
})

test('no series, or nothing but NaN, says nothing', async () => {
  await expect(read(await answering(vector()))).rejects.toThrow('no series has a value')
  await expect(read(await answering(vector('NaN')))).rejects.toThrow('no series has a value')
})

test('what is no result of an instant query says nothing', async () => {
  const text = { status: 'success', data: { resultType: 'string', result: [1764305432.781, 'high'] } }
  const matrix = { status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, values: [[1, '2']] }] } }
  for (const body of [text, matrix, '<html>sign in</html>', '', 'null', '[]', { status: 'success' }])
    await expect(read(await answering(body))).rejects.toThrow('its answer is no result of an instant query')
})

test('an error is told in its words', async () => {
  const error = { status: 'error', errorType: 'bad_data', error: '1:5: parse error: unclosed left parenthesis' }
  await expect(read(await answering(error, 400))).rejects.toThrow('it answered 400: 1:5: parse error')
  await expect(read(await answering('upstream is gone', 502))).rejects.toThrow(
    /^it answered 502: its answer is no JSON$/,
  )
  await expect(read(await answering(vector('1'), 500))).rejects.toThrow('it answered 500')
})

test('who does not answer, redirects, or does not end is not known', async () => {
  await expect(read(await nobody())).rejects.toThrow('ECONNREFUSED')
  await expect(read(await serve(() => {}), 100)).rejects.toThrow('it does not answer in time')
  const login = await serve((_, response) => response.writeHead(302, { location: '/login' }).end())
  await expect(read(login)).rejects.toThrow('it redirects')
  const half = await serve((_, response) => response.writeHead(200).write('{"status":'))
  await expect(read(half, 100)).rejects.toThrow('it does not answer in time')
  const huge = await serve((_, response) => response.writeHead(200).end(Buffer.alloc(8 * 1024 ** 2, ' ')))
  await expect(read(huge)).rejects.toThrow('its answer is longer than 4194304 bytes')
})

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { askGates } from '@phasegate/core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { context } from '../gate-fixtures.test.support.js'
import { type PrometheusOptions, prometheus } from './prometheus.js'

/** Shapes of answers as Prometheus 2.42 gave them. */
const vector = (...values: string[]) => ({
  status: 'success',
  data: {
    resultType: 'vector',
    result: values.map((value, n) => ({ metric: { pod: `${n}` }, value: [1795348800.5, value] })),
  },
})
const matrix = (...values: (string | undefined)[]) => ({
  status: 'success',
  data: {
    resultType: 'matrix',
    result: [
      { metric: {}, values: values.flatMap((value, n) => (value === undefined ? [] : [[1795348790.5 + n, value]])) },
    ],
  },
})

let answers: Record<string, unknown> = {}
let status = 200
let asked: URL[] = []
let authorization: string | undefined
const server = createServer((request, response) => {
  const url = new URL(request.url ?? '', 'http://x')
  asked.push(url)
  authorization = request.headers.authorization
  const answer = answers[url.pathname.split('/').at(-1) ?? '']
  response.writeHead(status).end(typeof answer === 'string' ? answer : JSON.stringify(answer))
})
let url = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prom`
})
afterAll(() => server.close())

const ask = async (given: Record<string, unknown>, options: Partial<PrometheusOptions> = {}, code = 200) => {
  answers = given
  status = code
  asked = []
  return (await askGates([prometheus({ url, query: 'reads', holds: '== 0', ...options })], context()))[0]!
}

describe('prometheus', () => {
  it('opens while the value compares, and is closed by one that does not', async () => {
    expect(await ask({ query: vector('0') })).toMatchObject({
      name: 'prometheus(reads == 0)',
      state: 'open',
      observed: '0',
      required: '== 0',
      expiresAt: '2026-11-22T12:05:00.000Z',
    })
    expect(asked.map((one) => `${one.pathname}${one.search}`)).toEqual(['/prom/api/v1/query?query=reads'])
    expect(await ask({ query: vector('3') })).toMatchObject({ state: 'closed', reason: 'reads is 3, not == 0' })
    expect(await ask({ query: vector('+Inf') })).toMatchObject({ state: 'closed' })
    expect(await ask({ query: { status: 'success', data: { resultType: 'scalar', result: [1, '0'] } } })).toMatchObject(
      { state: 'open' },
    )
  })

  it.each([
    ['no series', vector()],
    ['NaN', vector('NaN')],
    ['several series, though each would do', vector('0', '0')],
    ['a warning', { ...vector('0'), warnings: ['store away'] }],
    ['a text', { status: 'success', data: { resultType: 'string', result: [1, '0'] } }],
    ['a matrix that has no samples', { status: 'success', data: { resultType: 'matrix', result: [] } }],
    ['a range, as of up[1m]', matrix('0')],
    ['an error', { status: 'error', errorType: 'bad_data', error: 'parse error' }],
    ['no JSON', '<html>login</html>'],
    ['null', null],
    ['an empty value', vector('')],
  ])('is unknown for %s', async (_what, given) => {
    expect((await ask({ query: given }, { holds: '== 0' })).state).toBe('unknown')
    expect((await ask({ query: given }, { holds: '!= 5' })).state).toBe('unknown')
    expect((await ask({ query: given }, { holds: '< 5' })).state).toBe('unknown')
  })

  it('is unknown for an error, with what it said', async () => {
    const said = { status: 'error', errorType: 'bad_data', error: 'unclosed left parenthesis' }
    expect(await ask({ query: said }, {}, 400)).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('400, unclosed left parenthesis'),
    })
  })

  it('opens after a sustained time only, by the clock of Prometheus', async () => {
    const all = Array.from({ length: 11 }, () => '0')
    const check = await ask({ query: vector('0'), query_range: matrix(...all) }, { for: '10s' })
    expect(check).toMatchObject({ name: 'prometheus(reads == 0 for 10s)', state: 'open' })
    expect(Object.fromEntries(asked[1]!.searchParams)).toEqual({
      query: 'reads',
      start: '1795348790.500',
      end: '1795348800.500',
      step: '1',
    })
    const once = await ask({ query: vector('0'), query_range: matrix(...all.with(4, '2')) }, { for: '10s' })
    expect(once).toMatchObject({ state: 'closed', reason: 'reads was 2 at 2026-11-22T11:59:54.500Z, not == 0' })
    const gap = await ask(
      { query: vector('0'), query_range: matrix(...all.with(3, undefined as unknown as string)) },
      { for: '10s' },
    )
    expect(gap).toMatchObject({ state: 'unknown', reason: expect.stringContaining('10 of 11 points') })
    expect((await ask({ query: vector('0'), query_range: matrix(...all.with(3, 'NaN')) }, { for: '10s' })).state).toBe(
      'unknown',
    )
    expect((await ask({ query: vector('0'), query_range: vector('0') }, { for: '10s' })).state).toBe('unknown')
    expect((await ask({ query: vector('1'), query_range: matrix(...all) }, { for: '10s' })).state).toBe('closed')
  })

  it('looks at a long time in no more points than Prometheus gives', async () => {
    await ask({ query: vector('0'), query_range: matrix('0') }, { for: '30d' })
    const { start, end, step } = Object.fromEntries(asked[1]!.searchParams)
    expect((Number(end) - Number(start)) / Number(step)).toBeLessThan(11_000)
    expect(Number(end) - Number(start)).toBeGreaterThan(30 * 86_400 - Number(step))
  })

  it('sends a token of the environment, and does not repeat it', async () => {
    vi.stubEnv('GATE_TOKEN', 's3cret-token')
    const check = await ask(
      { query: 's3cret-token is no token' },
      { headersFrom: { authorization: 'GATE_TOKEN' } },
      401,
    )
    expect(authorization).toBe('s3cret-token')
    expect(check).toMatchObject({ state: 'unknown', reason: expect.stringContaining('[GATE_TOKEN] is no token') })
    vi.unstubAllEnvs()
  })

  it('refuses a comparison that it cannot read', () => {
    for (const holds of ['', '0', '= 0', '< x', '=> 1', '< NaN', '< 1 or 1']) {
      expect(() => prometheus({ url, query: 'q', holds })).toThrow(expect.objectContaining({ code: 'GATE.COMPARISON' }))
    }
  })
})

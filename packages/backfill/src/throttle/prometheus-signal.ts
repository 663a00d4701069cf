import type { PrometheusCheck } from '@phasegate/core'
import { askHttp, readAnswer } from './ask-http.js'
import type { WatchedSignal } from './watched-signal.js'

/** Bytes of an answer: some ten thousand series, of which one was meant. */
const LONGEST = 4 * 1024 ** 2

/** An instant query (Prometheus docs: HTTP API, /api/v1/query); of several series the greatest value counts. */
export function prometheusSignal({ url, query, limits }: PrometheusCheck): WatchedSignal {
  const address = new URL('api/v1/query', url.endsWith('/') ? url : `${url}/`)
  address.searchParams.set('query', query)
  return {
    name: `Prometheus ${query.slice(0, 60)}`,
    unit: 'count',
    limits,
    onSession: false,
    read: async (_, signal) => {
      const response = await askHttp(address, signal)
      const body = parsed(await readAnswer(response, LONGEST, signal))
      const values = valuesOf(body)
      if (!response.ok) throw new Error(`it answered ${response.status}${errorOf(body)}`)
      if (values === undefined) throw new Error('its answer is no result of an instant query')
      if (values.length === 0) throw new Error('no series has a value')
      return { state: 'value', value: Math.max(...values) }
    },
  }
}

interface Answer {
  readonly status?: string
  readonly error?: string
  readonly data?: { readonly resultType?: string; readonly result?: unknown }
}

/** Undefined for what is no JSON, such as the page of a proxy. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Undefined where it is no result of an instant query. Values are texts: `[seconds, "1.5"]`; NaN is none. */
function valuesOf(body: unknown): readonly number[] | undefined {
  const { status, data } = (body ?? {}) as Answer
  if (status !== 'success' || data === undefined || !Array.isArray(data.result)) return undefined
  if (data.resultType !== 'vector' && data.resultType !== 'scalar') return undefined
  const samples: readonly unknown[] =
    data.resultType === 'vector'
      ? data.result.map((series: { readonly value?: unknown }) => series.value)
      : [data.result]
  return samples
    .map((sample) => numberIn(Array.isArray(sample) ? sample[1] : undefined))
    .filter((one) => !Number.isNaN(one))
}

/** Infinity is written as `+Inf`. */
function numberIn(text: unknown): number {
  if (typeof text !== 'string' || text === '') return Number.NaN
  return Number(text.replace(/^([+-])Inf$/, '$1Infinity'))
}

function errorOf(body: unknown): string {
  const { error } = (body ?? {}) as Answer
  return error === undefined ? '' : `: ${error}`
}

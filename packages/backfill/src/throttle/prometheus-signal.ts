import type { PrometheusCheck } from '@phasegate/core'
import type { WatchedSignal } from './watched-signal.js'

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
      const response = await fetch(address, { signal })
      const body: unknown = await response.json().catch(() => undefined)
      const values = valuesOf(body)
      if (!response.ok || values === undefined) throw new Error(`it answered ${response.status}${errorOf(body)}`)
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

/** Undefined where it is no result of an instant query. Values are texts: `[seconds, "1.5"]`; NaN is none. */
function valuesOf(body: unknown): readonly number[] | undefined {
  const { status, data } = (body ?? {}) as Answer
  if (status !== 'success' || data === undefined || !Array.isArray(data.result)) return undefined
  const samples: readonly unknown[] =
    data.resultType === 'vector'
      ? data.result.map((series: { readonly value?: unknown }) => series.value)
      : [data.result]
  return samples
    .map((sample) => Number(Array.isArray(sample) ? sample[1] : Number.NaN))
    .filter((one) => !Number.isNaN(one))
}

function errorOf(body: unknown): string {
  const { error } = (body ?? {}) as Answer
  return error === undefined ? '' : `: ${error}`
}

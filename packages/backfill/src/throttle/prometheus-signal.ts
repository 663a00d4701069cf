import { type PrometheusCheck, prometheusAddress, readPrometheusAnswer } from '@phasegate/core'
import { askHttp, readAnswer } from './ask-http.js'
import type { WatchedSignal } from './watched-signal.js'

/** Bytes of an answer: some ten thousand series, of which one was meant. */
const LONGEST = 4 * 1024 ** 2

/** An instant query (Prometheus docs: HTTP API, /api/v1/query); of several series the greatest value counts. */
export function prometheusSignal({ url, query, limits }: PrometheusCheck): WatchedSignal {
  const address = prometheusAddress(url, 'query', { query })
  return {
    name: `Prometheus ${query.slice(0, 60)}`,
    unit: 'count',
    limits,
    onSession: false,
    read: async (_, signal) => {
      const response = await askHttp(address, signal)
      const read = readPrometheusAnswer(await readAnswer(response, LONGEST, signal))
      if (!response.ok) throw new Error(`it answered ${response.status}${read.ok ? '' : `: ${read.error}`}`)
      if (!read.ok || read.type === 'matrix') throw new Error('its answer is no result of an instant query')
      const values = read.series.flatMap(({ samples }) => samples.map(({ value }) => value))
      const known = values.filter((value) => !Number.isNaN(value))
      if (known.length === 0) throw new Error('no series has a value')
      return { state: 'value', value: Math.max(...known) }
    },
  }
}

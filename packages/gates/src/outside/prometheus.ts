import {
  type Gate,
  type GateCheck,
  type GateContext,
  type PrometheusSample,
  prometheusAddress,
  readPrometheusAnswer,
  shownAddress,
} from '@phasegate/core'
import { answer } from '../answer.js'
import { describeDuration, parseDuration } from '../duration.js'
import { after } from '../until.js'
import { type Comparison, parseComparison } from './comparison.js'
import { assertHttpUrl } from './http.js'
import { request } from './request.js'
import { readSecrets, type Secrets, withoutSecrets } from './secrets.js'
import { shownStart } from './shown-text.js'

/** Prometheus gives no more than 11,000 points a series. */
const MOST_POINTS = 10_000

export interface PrometheusOptions {
  /** Base URL: `http://prometheus:9090`. */
  readonly url: string
  /** PromQL that gives one value; `sum(…) or vector(0)` where no series may be there. */
  readonly query: string
  /** What the value has to be: `'< 0.01'`, `'== 0'`. */
  readonly holds: string
  /** For how long it has to have held without a break: `'1h'`. Default: now. */
  readonly for?: string
  /** Headers whose values are in the environment: `{ authorization: 'PROMETHEUS_TOKEN' }`. Never recorded or shown. */
  readonly headersFrom?: Readonly<Record<string, string>>
  /** How long Prometheus may take; default `10s`. */
  readonly timeout?: string
  /** How long an answer counts; default `5m`. */
  readonly counts?: string
  /** What the gate is called; default `prometheus(<query> <holds>)`. */
  readonly name?: string
}

/**
 * Opens while a query's one value compares as it should, and with `for` has done so all that time. A value that does not is
 * `closed`. No series, several, NaN, a gap, a warning, an error or no answer are `unknown`: silence proves nothing.
 *
 * @throws `GATE.URL`, `GATE.COMPARISON`, `GATE.DURATION`; when it is asked, `GATE.ENVIRONMENT` makes it `unknown`
 * @example
 * prometheus({
 *   url: 'http://prometheus:9090',
 *   query: 'sum(rate(old_column_reads_total[5m])) or vector(0)',
 *   holds: '== 0',
 *   for: '24h',
 * })
 */
export function prometheus(options: PrometheusOptions): Gate {
  const { url, query, headersFrom = {}, timeout = '10s' } = options
  assertHttpUrl(url)
  const comparison = parseComparison(options.holds)
  const sustained = options.for === undefined ? undefined : parseDuration(options.for)
  const counts = parseDuration(options.counts ?? '5m')
  const name =
    options.name ?? `prometheus(${query} ${comparison.text}${options.for === undefined ? '' : ` for ${options.for}`})`
  return {
    name,
    cost: 1,
    timeout: parseDuration(timeout),
    check: async (context) => {
      const ask = asking(context, url, headersFrom)
      const required =
        sustained === undefined ? comparison.text : `${comparison.text} for ${describeDuration(sustained)}`
      const more = { required, expiresAt: after(context, counts) }
      try {
        const now = oneSample(await ask('query', { query }))
        if (!comparison.holds(now.value)) {
          return answer(context, name, 'closed', `${query} is ${now.value}, not ${comparison.text}`, {
            ...more,
            observed: `${now.value}`,
          })
        }
        if (sustained === undefined)
          return answer(context, name, 'open', `${query} is ${now.value}`, { ...more, observed: `${now.value}` })
        // By the clock of Prometheus: its own time of the answer is where the window ends.
        const window = windowTo(now.at, sustained)
        const samples = await ask('query_range', { query, ...window.parameters })
        return judge(context, name, query, comparison, window, samples, more)
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error
        return answer(context, name, 'unknown', `${query}: ${error.message}`, { required })
      }
    },
  }
}

/** Why there is no value to compare. */
class NoAnswer extends Error {}

type Ask = (
  endpoint: 'query' | 'query_range',
  parameters: Readonly<Record<string, string>>,
) => Promise<readonly PrometheusSample[]>

/** Asks for the samples of the one series that a query has. */
function asking(context: GateContext, url: string, headersFrom: Readonly<Record<string, string>>): Ask {
  const secrets: Secrets = readSecrets(Object.values(headersFrom))
  const secretHeaders = Object.fromEntries(
    Object.entries(headersFrom).map(([header, variable]) => [header, secrets[variable] ?? '']),
  )
  return async (endpoint, parameters) => {
    const address = prometheusAddress(url, endpoint, parameters)
    const said = await request({ url: address.href, secretHeaders, signal: context.signal })
    if (said.truncated)
      throw new NoAnswer(`${shownAddress(url)} gave more than can be read; let the query give one series`)
    const read = readPrometheusAnswer(said.text)
    if (!read.ok) {
      const text = said.status === 200 ? read.error : `${said.status}, ${read.error}, ${said.text}`
      throw new NoAnswer(`${shownAddress(url)} answered ${shownStart(text, secrets)}`)
    }
    if ((read.type === 'matrix') !== (endpoint === 'query_range')) {
      throw new NoAnswer(`a ${read.type} is no value to compare`)
    }
    if (read.warnings.length > 0)
      throw new NoAnswer(`the answer may be incomplete: ${withoutSecrets(read.warnings.join('; '), secrets)}`)
    if (read.series.length > 1)
      throw new NoAnswer(`${read.series.length} series; a query that decides gives one: sum(…), max(…)`)
    const [series] = read.series
    if (series === undefined) throw new NoAnswer('no series; where that means zero, write: … or vector(0)')
    return series.samples
  }
}

function oneSample(samples: readonly PrometheusSample[]): PrometheusSample {
  const [sample] = samples
  if (sample === undefined || Number.isNaN(sample.value)) throw new NoAnswer('the value is NaN')
  return sample
}

interface Window {
  readonly start: number
  readonly step: number
  readonly points: number
  readonly parameters: Readonly<Record<string, string>>
}

/** Seconds; the value is looked at once a second, over a long time less often. */
function windowTo(end: number, ms: number): Window {
  const length = ms / 1000
  const step = Math.max(1, Math.ceil(length / MOST_POINTS))
  const points = Math.floor(length / step) + 1
  const start = end - (points - 1) * step
  return { start, step, points, parameters: { start: start.toFixed(3), end: end.toFixed(3), step: `${step}` } }
}

function judge(
  context: GateContext,
  name: string,
  query: string,
  comparison: Comparison,
  { start, step, points }: Window,
  samples: readonly PrometheusSample[],
  more: Pick<GateCheck, 'required'> & { readonly expiresAt: string },
): GateCheck {
  const bad = samples.findLast((sample) => !Number.isNaN(sample.value) && !comparison.holds(sample.value))
  if (bad !== undefined) {
    const reason = `${query} was ${bad.value} at ${iso(bad.at)}, not ${comparison.text}`
    return answer(context, name, 'closed', reason, { ...more, observed: `${bad.value}` })
  }
  if (samples.some((sample) => Number.isNaN(sample.value))) throw new NoAnswer('the value was NaN in between')
  if (samples.length < points) {
    const seen = new Set(samples.map((sample) => Math.round((sample.at - start) / step)))
    const gap = Array.from({ length: points }, (_, index) => index).find((index) => !seen.has(index)) ?? 0
    throw new NoAnswer(`no value at ${iso(start + gap * step)}; ${samples.length} of ${points} points are there`)
  }
  const last = samples.at(-1)?.value
  return answer(context, name, 'open', `${query} was ${comparison.text} all the time, and is ${last}`, {
    ...more,
    observed: `${last}`,
  })
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}

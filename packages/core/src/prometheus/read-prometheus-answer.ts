/** One value at one moment. NaN is a value; Prometheus writes it where it divides by zero. */
export interface PrometheusSample {
  /** Seconds since 1970, by Prometheus's clock. */
  readonly at: number
  readonly value: number
}

export interface PrometheusSeries {
  readonly labels: Readonly<Record<string, string>>
  readonly samples: readonly PrometheusSample[]
}

export interface PrometheusResult {
  readonly ok: true
  readonly type: 'vector' | 'scalar' | 'matrix'
  readonly series: readonly PrometheusSeries[]
  /** The answer may lack something, as where a store behind Thanos is away. */
  readonly warnings: readonly string[]
}

export type PrometheusAnswer = PrometheusResult | { readonly ok: false; readonly error: string }

/**
 * Reads the text of an answer of `/api/v1/query` (a vector or a scalar) or `/api/v1/query_range` (a matrix).
 *
 * @source Prometheus docs: HTTP API, Expression queries
 */
export function readPrometheusAnswer(text: string): PrometheusAnswer {
  const body = parsed(text)
  if (body === undefined) return { ok: false, error: 'its answer is no JSON' }
  const { status, error, errorType, data, warnings } = body
  if (status !== 'success')
    return {
      ok: false,
      error: [error, errorType].find((one) => typeof one === 'string') ?? 'it says no success',
    }
  const read = resultOf(data)
  if (read === undefined) return { ok: false, error: 'its answer is no result of a query' }
  return { ok: true, ...read, warnings: Array.isArray(warnings) ? warnings.map(String) : [] }
}

/** The address of an endpoint of the HTTP API, under a base URL that may have a path of its own. */
export function prometheusAddress(
  base: string,
  endpoint: 'query' | 'query_range',
  parameters: Readonly<Record<string, string>>,
): URL {
  const address = new URL(base)
  address.pathname = `${address.pathname.replace(/\/$/, '')}/api/v1/${endpoint}`
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value)
  return address
}

type Fields = Readonly<Record<string, unknown>>

function parsed(text: string): Fields | undefined {
  try {
    const body: unknown = JSON.parse(text)
    return isFields(body) ? body : undefined
  } catch {
    // Such as the page of a proxy; the caller says so.
    return undefined
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function resultOf(data: unknown): Pick<PrometheusResult, 'type' | 'series'> | undefined {
  if (!isFields(data) || !Array.isArray(data.result)) return undefined
  const { resultType: type, result } = data
  if (type === 'scalar') return { type, series: [{ labels: {}, samples: [sampleOf(result)] }] }
  if (type !== 'vector' && type !== 'matrix') return undefined
  const samplesOf = ({ value, values }: Fields): readonly unknown[] =>
    type === 'vector' ? [value] : Array.isArray(values) ? values : []
  const series = (result as readonly unknown[])
    .filter(isFields)
    .map((one) => ({ labels: labelsOf(one.metric), samples: samplesOf(one).map(sampleOf) }))
  return { type, series }
}

function labelsOf(metric: unknown): PrometheusSeries['labels'] {
  if (!isFields(metric)) return {}
  return Object.fromEntries(Object.entries(metric).map(([name, label]) => [name, String(label)]))
}

/** Values are texts, `[seconds, "1.5"]`; Infinity is written `+Inf`. */
function sampleOf(sample: unknown): PrometheusSample {
  const [at, text]: unknown[] = Array.isArray(sample) ? sample : []
  const value =
    typeof text === 'string' && text !== '' ? Number(text.replace(/^([+-]?)Inf$/, '$1Infinity')) : Number.NaN
  return { at: typeof at === 'number' ? at : Number.NaN, value }
}

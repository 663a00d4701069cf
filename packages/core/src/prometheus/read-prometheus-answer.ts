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

export type PrometheusAnswer =
  /** `warnings`: the answer may lack something, as where a store behind Thanos is away. */
  | { readonly ok: true; readonly series: readonly PrometheusSeries[]; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly error: string }

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
      error: [errorType, error].filter((one) => typeof one === 'string').join(': ') || 'it says no success',
    }
  const series = seriesOf(data)
  if (series === undefined) return { ok: false, error: 'its answer is no result of such a query' }
  return { ok: true, series, warnings: Array.isArray(warnings) ? warnings.map(String) : [] }
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

function seriesOf(data: unknown): readonly PrometheusSeries[] | undefined {
  if (!isFields(data) || !Array.isArray(data.result)) return undefined
  if (data.resultType === 'scalar') return [{ labels: {}, samples: [sampleOf(data.result)] }]
  if (data.resultType !== 'vector' && data.resultType !== 'matrix') return undefined
  const matrix = data.resultType === 'matrix'
  return data.result.filter(isFields).map(({ metric, value, values }) => ({
    labels: isFields(metric)
      ? Object.fromEntries(Object.entries(metric).map(([name, label]) => [name, String(label)]))
      : {},
    samples: (matrix ? (Array.isArray(values) ? values : []) : [value]).map(sampleOf),
  }))
}

/** Values are texts, `[seconds, "1.5"]`; Infinity is written `+Inf`. */
function sampleOf(sample: unknown): PrometheusSample {
  const [at, text]: unknown[] = Array.isArray(sample) ? sample : []
  const value =
    typeof text === 'string' && text !== '' ? Number(text.replace(/^([+-]?)Inf$/, '$1Infinity')) : Number.NaN
  return { at: typeof at === 'number' ? at : Number.NaN, value }
}

/** One number of a metric, with what it is about. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A metric as Prometheus and OpenTelemetry both know it. Names and units are in docs/metrics.md. */
export interface Metric {
  readonly name: string
  /** What it counts, in a sentence. */
  readonly help: string
  /** A gauge goes up and down; a counter only up, from 0 at the start of the process. */
  readonly type: 'gauge' | 'counter'
  readonly samples: readonly Sample[]
}

export function sample(value: number, labels: Readonly<Record<string, string>> = {}): Sample {
  return { labels, value }
}

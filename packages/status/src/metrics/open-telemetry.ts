import type { Metric } from './metric.js'

/** What we need of a Meter of `@opentelemetry/api` 1, so that it is no dependency. */
export interface MeterLike {
  createObservableGauge(name: string, options?: { description?: string }): ObservableLike
  createObservableCounter(name: string, options?: { description?: string }): ObservableLike
}

export interface ObservableLike {
  addCallback(callback: (result: ObservableResultLike) => void): void
  removeCallback(callback: (result: ObservableResultLike) => void): void
}

export interface ObservableResultLike {
  observe(value: number, attributes?: Record<string, string>): void
}

/**
 * Reports metrics through a meter, under the names that `/metrics` uses. Asked whenever the SDK collects; answers from
 * memory.
 *
 * @param read what there is now; it names the same metrics each time
 * @returns what ends it
 * @example
 * import { metrics } from '@opentelemetry/api'
 * observeMetrics(metrics.getMeter('phasegate'), status.metrics)
 */
export function observeMetrics(meter: MeterLike, read: () => readonly Metric[]): () => void {
  const ends = read().map(({ name, help, type }) => {
    const options = { description: help }
    const instrument =
      type === 'counter' ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options)
    const observe = (result: ObservableResultLike): void => {
      const metric = read().find((one) => one.name === name)
      for (const { value, labels } of metric?.samples ?? []) result.observe(value, { ...labels })
    }
    instrument.addCallback(observe)
    return () => instrument.removeCallback(observe)
  })
  return () => {
    for (const end of ends) end()
  }
}

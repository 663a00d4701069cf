import { type Emit, type UnitName, unitName } from '@phasegate/core'
import type { Metric, Sample } from '@phasegate/status'

/** Counts what a process does, from its events. */
export interface EventMetrics {
  readonly hear: Emit
  /** Since the start of the process. */
  read(): readonly Metric[]
}

const COUNTERS = {
  phasegate_batches_total: 'Batches that went through.',
  phasegate_batch_rows_total: 'Rows that batches changed.',
  phasegate_batch_seconds_total: 'Time that batches took.',
  phasegate_batch_retries_total: 'Batches that gave way to a conflict and were rolled back.',
  phasegate_rows_quarantined_total: 'Rows that the database refused to change.',
  phasegate_throttled_total: 'Times that a backfill began to go slower (slow) or to wait (stop).',
  phasegate_step_retries_total: 'Statements that did not get their lock in time and were tried again.',
  phasegate_lock_wait_seconds_total: 'Time spent waiting for a lock of another runner.',
  phasegate_connection_losses_total: 'Attempts to reconnect.',
  phasegate_units_total: 'Units that reached a state in this process.',
} as const

type Counter = keyof typeof COUNTERS

export function createEventMetrics(): EventMetrics {
  const counts = new Map<Counter, Map<string, Sample>>()
  const add = (counter: Counter, labels: Readonly<Record<string, string>>, by = 1): void => {
    const samples = counts.get(counter) ?? new Map<string, Sample>()
    counts.set(counter, samples)
    const key = JSON.stringify(labels)
    samples.set(key, { labels, value: (samples.get(key)?.value ?? 0) + by })
  }
  return {
    hear: (event) => {
      switch (event.type) {
        case 'batch.done':
          add('phasegate_batches_total', ofUnit(unitName(event.unit)))
          add('phasegate_batch_rows_total', ofUnit(unitName(event.unit)), event.rows)
          return add('phasegate_batch_seconds_total', ofUnit(unitName(event.unit)), event.ms / 1000)
        case 'batch.retry':
          return add('phasegate_batch_retries_total', ofUnit(unitName(event.unit)))
        case 'row.quarantined':
          return add('phasegate_rows_quarantined_total', ofUnit(unitName(event.unit)))
        case 'backfill.throttled':
          if (event.level !== null)
            add('phasegate_throttled_total', { ...ofUnit(unitName(event.unit)), level: event.level })
          return
        case 'step.retry':
          return add('phasegate_step_retries_total', ofUnit(unitName(event.unit)))
        case 'lock.acquired':
          return add('phasegate_lock_wait_seconds_total', { lock: event.lock }, event.waitedMs / 1000)
        case 'connection.lost':
          return add('phasegate_connection_losses_total', {})
        case 'unit.changed':
          return add('phasegate_units_total', { ...ofUnit(unitName(event.unit)), state: event.state })
      }
    },
    read: () =>
      (Object.entries(COUNTERS) as [Counter, string][]).map(([name, help]) => ({
        name,
        help,
        type: 'counter',
        samples: [...(counts.get(name)?.values() ?? [])],
      })),
  }
}

function ofUnit(unit: UnitName): Readonly<Record<string, string>> {
  return { unit }
}

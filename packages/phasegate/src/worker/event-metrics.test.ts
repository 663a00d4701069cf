import { readProgress } from '@phasegate/core'
import { expect, test } from 'vitest'
import { createEventMetrics } from './event-metrics.js'

const unit = { migration: 'a', phase: 'backfill' } as const
const progress = readProgress({})!

function valuesOf({ read }: ReturnType<typeof createEventMetrics>, name: string): unknown {
  return read()
    .find((metric) => metric.name === name)
    ?.samples.map(({ labels, value }) => [labels, value])
}

test('batches, rows and seconds are added up for each unit', () => {
  const metrics = createEventMetrics()
  metrics.hear({ type: 'batch.done', unit, rows: 10, ms: 500, size: 10, progress })
  metrics.hear({ type: 'batch.done', unit, rows: 5, ms: 250, size: 10, progress })
  metrics.hear({ type: 'batch.done', unit: { ...unit, migration: 'b' }, rows: 1, ms: 1, size: 1, progress })
  expect(valuesOf(metrics, 'phasegate_batches_total')).toEqual([
    [{ unit: 'a:backfill' }, 2],
    [{ unit: 'b:backfill' }, 1],
  ])
  expect(valuesOf(metrics, 'phasegate_batch_rows_total')).toEqual([
    [{ unit: 'a:backfill' }, 15],
    [{ unit: 'b:backfill' }, 1],
  ])
  expect(valuesOf(metrics, 'phasegate_batch_seconds_total')).toMatchObject([[{ unit: 'a:backfill' }, 0.75], {}])
})

test('waits, retries and throttling are counted; going on freely is none', () => {
  const metrics = createEventMetrics()
  metrics.hear({ type: 'lock.acquired', lock: 'expand', waitedMs: 1500 })
  metrics.hear({ type: 'lock.acquired', lock: 'expand', waitedMs: 500 })
  metrics.hear({ type: 'step.retry', unit, position: 0, attempt: 1, pauseMs: 1, reason: 'lock timeout', holders: [] })
  metrics.hear({ type: 'batch.retry', unit, reason: 'lock timeout', size: 5 })
  metrics.hear({ type: 'backfill.throttled', unit, level: 'slow', reason: 'lag' })
  metrics.hear({ type: 'backfill.throttled', unit, level: null, reason: null })
  metrics.hear({ type: 'connection.lost', reason: 'refused', attempt: 1 })
  expect(valuesOf(metrics, 'phasegate_lock_wait_seconds_total')).toEqual([[{ lock: 'expand' }, 2]])
  expect(valuesOf(metrics, 'phasegate_step_retries_total')).toEqual([[{ unit: 'a:backfill' }, 1]])
  expect(valuesOf(metrics, 'phasegate_batch_retries_total')).toEqual([[{ unit: 'a:backfill' }, 1]])
  expect(valuesOf(metrics, 'phasegate_throttled_total')).toEqual([[{ unit: 'a:backfill', level: 'slow' }, 1]])
  expect(valuesOf(metrics, 'phasegate_connection_losses_total')).toEqual([[{}, 1]])
})

test('before anything has happened every counter is there, without a value', () => {
  expect(
    createEventMetrics()
      .read()
      .every(({ type, samples }) => type === 'counter' && samples.length === 0),
  ).toBe(true)
})

import { addBatch, type BatchTimes, NO_BATCHES } from '@phasegate/core'
import { expect, test } from 'vitest'
import { describeBatches } from './batch-histogram.js'

const of = (times: readonly number[]): BatchTimes =>
  times.reduce((soFar, ms) => addBatch(soFar, { ms, rows: 1000 }), NO_BATCHES)

test('a few batches are one line', () => {
  expect(describeBatches({ ...of([100, 100, 400]), retries: 2, throttledMs: 12_000, pausedMs: 180_000 })).toEqual([
    '3 batches, 3,000 rows, p50 108 ms, p90 400 ms, p99 400 ms, max 400 ms, 2 retried, slowed down for 12 s, paused for 3 min',
  ])
})

test('many batches have a bar for each doubling of the time, also for one that is empty', () => {
  const times = [...Array.from({ length: 40 }, () => 200), 90, 1500]
  expect(describeBatches(of(times)).slice(1)).toEqual([
    `  up to 128 ms   1  #`,
    `  up to 256 ms  40  ${'#'.repeat(40)}`,
    `  up to 512 ms   0`,
    `   up to 1.0 s   0`,
    `   up to 2.0 s   1  #`,
  ])
})

test('a batch of a power of two is in the bar that ends with it', () => {
  expect(describeBatches(of(Array.from({ length: 10 }, () => 512))).slice(1)).toEqual([
    `  up to 512 ms  10  ${'#'.repeat(40)}`,
  ])
})

import { readProgress, type UnitProgress } from '@phasegate/core'
import { expect, test } from 'vitest'
import { describeProgress, progressLine } from './progress-line.js'

const progress = (change: Partial<UnitProgress>): UnitProgress => ({ ...readProgress({})!, ...change })

const HALF = progress({
  done: 340_000,
  total: 1_000_000,
  percent: 34.7,
  rowsPerSecond: 52_000,
  etaSeconds: 13,
  batchSize: 12_000,
})

test('progress is rows, percent, rows a second, time left and batch size', () => {
  expect(describeProgress(HALF)).toBe('340,000 of ~1,000,000 rows (34 %), 52,000 rows/s, 13 s left, batches of 12,000')
})

test('what is not known is not said', () => {
  expect(describeProgress(progress({ done: 12 }))).toBe('12 rows')
  expect(describeProgress(progress({ done: 12, percent: 0.49 }))).toBe('12 rows (0.4 %)')
})

test('a count that is final has no estimate beside it', () => {
  expect(describeProgress(progress({ done: 7, total: 7, percent: 100, etaSeconds: 0 }))).toBe('7 rows (100 %)')
  expect(describeProgress(progress({ done: 999, total: 1000, percent: 99.9 }))).toBe('999 of ~1,000 rows (99 %)')
})

test('why it is slow, and how long it was paused, stand apart from the time that is left', () => {
  const slow = { ...HALF, throttleReason: 'replica lag 12 s', throttledSeconds: 65, pausedSeconds: 600 }
  expect(describeProgress(slow)).toBe(
    '340,000 of ~1,000,000 rows (34 %), 52,000 rows/s, 13 s left, batches of 12,000, ' +
      'slowed down: replica lag 12 s, slowed down for 65 s so far, paused for 10 min so far',
  )
})

test('a verification says how many rows it has compared', () => {
  const verifying = { ...HALF, percent: 100, compared: 250_000 }
  expect(describeProgress(verifying)).toBe('340,000 rows (100 %), verifying, 250,000 rows compared')
})

test('on a narrow terminal what says least goes first, and the number of rows last', () => {
  const line = (width: number): string => progressLine('20261122093000_flag:backfill', HALF, width)
  expect(line(120)).toBe(`20261122093000_flag:backfill ${describeProgress(HALF)}`)
  expect(line(95)).toBe(`flag:backfill ${describeProgress(HALF)}`)
  expect(line(79)).toBe('flag:backfill 340,000 of ~1,000,000 rows (34 %), 52,000 rows/s, 13 s left')
  expect(line(60)).toBe('flag:backfill 340,000 of ~1,000,000 rows (34 %), 13 s left')
  expect(line(50)).toBe('flag:backfill 340,000 of ~1,000,000 rows (34 %)')
  expect(line(20)).toBe('flag:backfill 340,0…')
})

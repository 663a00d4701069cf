import { expect, test } from 'vitest'
import { judge, type Observation } from './verdict.js'

const STALE = 8000

const seen = (change: Partial<Observation>): Observation => ({
  name: 'replica lag',
  unit: 'ms',
  limits: { soft: 1000, hard: 5000 },
  value: 0,
  of: undefined,
  at: 100_000,
  unseen: false,
  failure: null,
  ...change,
})
const at = (change: Partial<Observation>, now = 100_500) => judge([seen(change)], now, STALE)

test('below every limit it goes on', () => {
  expect(at({ value: 999 })).toEqual({ level: 'go' })
})

test('from the soft limit on it rests after each batch, the longer the further above', () => {
  const a = at({ value: 1000 })
  const b = at({ value: 3000, of: 'replica-1' })
  const c = at({ value: 4999 })
  if (a.level !== 'slow' || b.level !== 'slow' || c.level !== 'slow') throw new Error('not slow')
  expect(a.rest).toBeGreaterThan(0)
  expect(b.rest).toBeGreaterThan(a.rest)
  expect(c.rest).toBeGreaterThan(b.rest)
  expect(c.rest).toBeLessThanOrEqual(10)
  expect(b.reason).toBe('replica lag of replica-1 is 3 s (limit 1 s)')
})

test('from the hard limit on it stops and says why', () => {
  expect(at({ value: 5000 })).toEqual({
    level: 'stop',
    signal: 'replica lag',
    reason: 'replica lag is 5 s (limit 5 s)',
  })
})

test('a signal that nobody heard of for too long stops, whatever it said last', () => {
  expect(at({ value: 0 }, 100_000 + STALE)).toEqual({ level: 'go' })
  expect(at({ value: 0, failure: 'it answered 500' }, 109_000)).toEqual({
    level: 'stop',
    signal: 'replica lag',
    reason: 'replica lag is not known for 9 s: it answered 500',
  })
})

test('a signal that was never heard of stops', () => {
  expect(at({ at: null, value: null })).toMatchObject({ level: 'stop', reason: 'replica lag is not known yet' })
})

test('a signal that cannot be told does not stop, however old', () => {
  expect(at({ unseen: true, at: null, value: null }, 900_000)).toEqual({ level: 'go' })
})

test('of several the worst counts', () => {
  const slow = seen({ value: 1500 })
  const slower = seen({ name: 'waiters', unit: 'count', limits: { soft: 1, hard: null }, value: 20 })
  const stops = seen({ name: 'slots', unit: 'bytes', limits: { soft: null, hard: 1024 ** 3 }, value: 2 * 1024 ** 3 })
  expect(judge([slow, slower], 100_000, STALE)).toMatchObject({ level: 'slow', signal: 'waiters' })
  expect(judge([slow, stops, slower], 100_000, STALE)).toMatchObject({
    level: 'stop',
    reason: 'slots is 2 GB (limit 1 GB)',
  })
})

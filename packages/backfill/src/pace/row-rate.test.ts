import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRowRate, mostKeys } from './row-rate.js'

/** Runs batches of `size` rows, each of `ms`, for `seconds`, and gives rows a second. */
function rowsPerSecond(limit: number, size: number, ms: number, seconds: number): number {
  const rate = createRowRate(0)
  let now = 0
  let rows = 0
  while (now < seconds * 1000) {
    const wait = rate.wait(now, limit)
    now += wait
    if (wait > 0) continue
    now += ms
    rows += size
    rate.spend(size)
  }
  return rows / seconds
}

test('work that could go faster comes close to the bound and not over it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 50, max: 100_000 }), fc.integer({ min: 1, max: 400 }), (limit, ms) => {
      const size = mostKeys(limit)
      fc.pre((size * 1000) / ms > limit * 1.2)
      const reached = rowsPerSecond(limit, size, ms, 60)
      expect(reached).toBeLessThan(limit * 1.03)
      expect(reached).toBeGreaterThan(limit * 0.8)
    }),
  )
})

test('work that is slower than the bound is not held up', () => {
  expect(rowsPerSecond(10_000, 100, 100, 10)).toBe(1000)
})

test('a bound below one batch holds on average', () => {
  expect(rowsPerSecond(2, 10, 5, 100)).toBeLessThanOrEqual(2.1)
})

test('a bound that is raised counts at once, also for what is still owed', () => {
  const rate = createRowRate(0)
  rate.wait(0, 1)
  rate.spend(100)
  expect(rate.wait(0, 1)).toBe(100_000)
  expect(rate.wait(0, 1000)).toBe(100)
})

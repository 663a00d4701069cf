import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addBatch, type BatchTimes, bucketOf, mergeBatchTimes, NO_BATCHES } from './batch-times.js'

const ofTimes = (times: readonly number[]): BatchTimes =>
  times.reduce((so_far, ms) => addBatch(so_far, { ms, rows: 10 }), NO_BATCHES)
const duration = fc.double({ min: 0, max: 3_600_000, noNaN: true })

describe('the times of batches', () => {
  test('say nothing where there was no batch', () => {
    expect(NO_BATCHES).toMatchObject({ batches: 0, p50Ms: null, p99Ms: null, maxMs: null, buckets: [] })
    expect(mergeBatchTimes(NO_BATCHES, NO_BATCHES)).toEqual(NO_BATCHES)
  })

  test('are counted with their quantiles', () => {
    const hundred = ofTimes(Array.from({ length: 100 }, (_, index) => index + 1))
    expect(hundred).toMatchObject({ batches: 100, rows: 1000, totalMs: 5050, maxMs: 100 })
    for (const [share, exact] of [
      [hundred.p50Ms, 50],
      [hundred.p90Ms, 90],
      [hundred.p99Ms, 99],
    ] as const) {
      expect(share).toBeGreaterThanOrEqual(exact)
      expect(share).toBeLessThanOrEqual(exact * 1.091)
    }
  })

  test('never name a quantile that is longer than the longest batch', () => {
    expect(ofTimes([257])).toMatchObject({ p50Ms: 257, p90Ms: 257, p99Ms: 257, maxMs: 257 })
  })

  test('take no more room for many batches than for a few', () => {
    let times = NO_BATCHES
    for (let index = 0; index < 20_000; index++) times = addBatch(times, { ms: 1.0005 ** index, rows: 1 })
    expect(times.batches).toBe(20_000)
    expect(times.buckets.length).toBeLessThan(120)
  })

  test('a time falls into the bucket whose bounds are around it', () => {
    fc.assert(
      fc.property(duration, (ms) => {
        const upTo = bucketOf(ms)
        expect(upTo).toBeGreaterThanOrEqual(Math.min(ms, ms * 0.999))
        if (upTo > 1) expect(upTo / 1.093).toBeLessThanOrEqual(ms)
      }),
    )
  })

  test('of several workers are the same in whichever order they are put together', () => {
    fc.assert(
      fc.property(fc.array(duration), fc.array(duration), (one, other) => {
        const together = mergeBatchTimes(ofTimes(one), ofTimes(other))
        const { totalMs, ...rest } = mergeBatchTimes(ofTimes(other), ofTimes(one))
        expect(together).toMatchObject(rest)
        expect(together.buckets).toEqual(ofTimes([...one, ...other]).buckets)
        expect(together.totalMs).toBeCloseTo(totalMs, 0)
      }),
    )
  })
})

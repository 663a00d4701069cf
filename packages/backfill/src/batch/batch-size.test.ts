import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBatchSize } from './batch-size.js'

const clock = { now: () => 0, sleep: async () => {}, random: () => 0 }
const create = (first = 1000) =>
  createBatchSize({ first, targetMs: 250, limits: { floor: 10, ceiling: 50_000 }, clock })

describe('the batch size', () => {
  test('halves with each conflict, down to one row, and doubles back with each success', () => {
    const size = create(1000)
    const seen: number[] = []
    for (let conflict = 0; conflict < 12; conflict++) {
      seen.push(size.next())
      size.conflicted()
    }
    expect(seen).toEqual([1000, 500, 250, 125, 62, 31, 15, 7, 3, 1, 1, 1])
    size.succeeded(1)
    expect(size.next()).toBe(2)
    for (let success = 0; success < 20; success++) size.succeeded(1)
    expect(size.next()).toBeGreaterThan(1000)
  })

  test('falls to a tenth with each timeout, down to one row', () => {
    const size = create(1000)
    const seen: number[] = []
    for (let timeout = 0; timeout < 5; timeout++) {
      seen.push(size.next())
      size.timedOut()
    }
    expect(seen).toEqual([1000, 100, 10, 1, 1])
  })

  test('property: bisection finds the one bad row of a batch in few steps', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 50_000 }), fc.nat(), (first, at) => {
        const size = create(first)
        const bad = (at % first) + 1
        let done = 0
        for (let steps = 0; steps < 40; steps++) {
          const batch = size.next()
          if (done + batch < bad) {
            done += batch
            size.succeeded(1)
          } else if (size.rowFailed() === 'located') {
            expect(done + 1).toBe(bad)
            return
          }
        }
        expect.unreachable('not found')
      }),
    )
  })

  test('goes on as before when the bad row was put right meanwhile', () => {
    const size = create(1000)
    expect(size.rowFailed()).toBe('narrowed')
    for (let done = 0; done < 1000; ) {
      done += size.next()
      size.succeeded(250)
    }
    expect(size.next()).toBeGreaterThanOrEqual(500)
  })
})

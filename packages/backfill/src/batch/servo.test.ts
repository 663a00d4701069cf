import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { advanceServo, SERVO_LIMITS, startServo } from './servo.js'

const TARGET = 250

describe('the servo', () => {
  test('grows by at most half a batch, whatever a batch took', () => {
    expect(advanceServo(startServo(1000), { size: 1000, ms: 1 }, TARGET).size).toBe(1500)
  })

  test('settles where a batch takes its target time', () => {
    let state = startServo(1000)
    for (let batch = 0; batch < 40; batch++)
      state = advanceServo(state, { size: state.size, ms: state.size / 40 }, TARGET)
    expect(state.size).toBe(10_000)
  })

  test('cuts to a tenth at once when a batch takes more than five times its target', () => {
    expect(advanceServo(startServo(5000), { size: 5000, ms: 1251 }, TARGET).size).toBe(500)
    expect(advanceServo(startServo(5000), { size: 5000, ms: 1249 }, TARGET).size).toBe(1000)
  })

  test('is not carried away by one fast batch among slow ones', () => {
    let state = startServo(1000)
    for (let batch = 0; batch < 9; batch++) state = advanceServo(state, { size: 1000, ms: 250 }, TARGET)
    expect(advanceServo(state, { size: 1000, ms: 1 }, TARGET).size).toBe(1000)
  })

  test('keeps growing through a gap, where batches change nothing and take no time', () => {
    let state = startServo(10)
    for (let batch = 0; batch < 30; batch++) state = advanceServo(state, { size: state.size, ms: 0 }, TARGET)
    expect(state.size).toBe(SERVO_LIMITS.ceiling)
  })

  test('property: it stays within its limits and never grows by more than half', () => {
    const batches = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 60 })
    fc.assert(
      fc.property(
        batches,
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 10_000 }),
        (times, first, target) => {
          let state = startServo(first)
          for (const ms of times) {
            const next = advanceServo(state, { size: state.size, ms }, target)
            expect(next.size).toBeGreaterThanOrEqual(SERVO_LIMITS.floor)
            expect(next.size).toBeLessThanOrEqual(SERVO_LIMITS.ceiling)
            expect(next.size).toBeLessThanOrEqual(Math.max(SERVO_LIMITS.floor, state.size * 1.5))
            if (ms > target * 5) expect(next.size).toBeLessThanOrEqual(Math.max(SERVO_LIMITS.floor, state.size / 10))
            state = next
          }
        },
      ),
    )
  })

  test('property: a slower batch never leads to a bigger next one', () => {
    const ms = fc.double({ min: 0, max: 1e5, noNaN: true })
    fc.assert(
      fc.property(fc.array(ms, { maxLength: 12 }), ms, ms, (history, a, b) => {
        const state = history.reduce(
          (now, time) => advanceServo(now, { size: now.size, ms: time }, TARGET),
          startServo(1000),
        )
        const after = (time: number): number => advanceServo(state, { size: state.size, ms: time }, TARGET).size
        expect(after(Math.max(a, b))).toBeLessThanOrEqual(after(Math.min(a, b)))
      }),
    )
  })
})

import type { EngineSeen } from '@phasegate/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { progressOf } from './progress.js'

const states: readonly EngineSeen['state'][] = ['starting', 'copying', 'building', 'catching up']

test('half of the rows are copied', () => {
  const seen = { state: 'copying', done: 500, waitsFor: null } as const
  expect(progressOf(seen, { rows: 1000 }, 100)).toMatchObject({ percent: 50, total: 1000, etaSeconds: 5 })
})

test('when indexes are built the copy is complete', () => {
  const seen = { state: 'building', done: 1000, waitsFor: null } as const
  expect(progressOf(seen, { rows: 1000 }, null)).toMatchObject({ percent: 100, total: 1000, etaSeconds: null })
})

test('an estimate of no rows, or of fewer than are copied, is none', () => {
  for (const rows of [0, 10, null])
    expect(progressOf({ state: 'copying', done: 20, waitsFor: null }, { rows }, 5)).toMatchObject({
      percent: null,
      total: null,
      etaSeconds: null,
    })
})

test('a percentage is from 0 to 100, and 100 only when the copy is complete', () => {
  const count = fc.option(fc.integer({ min: 0 }))
  fc.assert(
    fc.property(
      fc.constantFrom(...states),
      count,
      count,
      fc.option(fc.double({ min: 0 })),
      (state, done, rows, rate) => {
        const { percent } = progressOf({ state, done, waitsFor: null }, { rows }, rate)
        if (percent === null) return
        expect(percent).toBeGreaterThanOrEqual(0)
        expect(percent).toBeLessThanOrEqual(100)
        if (percent === 100) expect(['building', 'catching up']).toContain(state)
      },
    ),
  )
})

import { describe, expect, test } from 'vitest'
import { advanceProgress, describeProgress, startProgress } from './progress.js'

const start = (change: object = {}) => startProgress({ done: 0, walked: 0, tableRows: 100_000, every: true, ...change })
const batch = { rows: 100, keys: 100, ms: 1000 }
const after = (batches: number, of = batch, state = start()) => {
  let now = state
  for (let index = 0; index < batches; index++) now = advanceProgress(now, of)
  return describeProgress(now)
}

describe('progress', () => {
  test('has no ETA in the first minute, and then the time that the rest takes', () => {
    expect(after(59).etaSeconds).toBeNull()
    expect(after(60)).toEqual({
      done: 6000,
      total: 100_000,
      rowsPerSecond: 100,
      etaSeconds: 940,
      paused: false,
      throttleReason: null,
    })
  })

  test('takes an estimate of nothing, of zero or below what is done for unknown', () => {
    for (const tableRows of [null, 0, 5000])
      expect(after(60, batch, start({ tableRows }))).toMatchObject({ done: 6000, total: null, etaSeconds: null })
  })

  test('expects of the rest what the condition has selected so far', () => {
    const selective = { rows: 25, keys: 100, ms: 1000 }
    expect(after(5, selective, start({ every: false })).total).toBeNull()
    expect(after(60, selective, start({ every: false }))).toMatchObject({
      done: 1500,
      total: 25_000,
      rowsPerSecond: 25,
      etaSeconds: 940,
    })
  })

  test('goes on from what was done before', () => {
    expect(after(60, batch, start({ done: 20_000, walked: 50_000 }))).toMatchObject({ done: 26_000, etaSeconds: 440 })
  })

  test('shows no ETA while it is paused', () => {
    let state = start()
    for (let index = 0; index < 70; index++) state = advanceProgress(state, batch)
    expect(describeProgress(state, true)).toMatchObject({ paused: true, etaSeconds: null, done: 7000 })
  })

  test('follows a rate that changes', () => {
    let state = start()
    for (let index = 0; index < 60; index++) state = advanceProgress(state, batch)
    for (let index = 0; index < 60; index++) state = advanceProgress(state, { rows: 10, keys: 10, ms: 1000 })
    expect(describeProgress(state).rowsPerSecond).toBe(10)
  })
})

import { NO_BATCHES } from '@phasegate/core'
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
      percent: 6,
      rowsPerSecond: 100,
      etaSeconds: 940,
      batchSize: null,
      paused: false,
      pausedSeconds: 0,
      throttleReason: null,
      throttledSeconds: 0,
      compared: null,
      engine: null,
    })
  })

  test('takes an estimate of nothing, of zero or below what is done for unknown', () => {
    for (const tableRows of [null, 0, 5000])
      expect(after(60, batch, start({ tableRows }))).toMatchObject({
        done: 6000,
        total: null,
        percent: null,
        etaSeconds: null,
      })
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
    expect(describeProgress({ ...state, paused: true })).toMatchObject({ paused: true, etaSeconds: null, done: 7000 })
  })

  test('says how many of the keys it has passed, which is not how many of the rows it has changed', () => {
    expect(after(60, { rows: 1, keys: 1000, ms: 1000 }, start({ every: false }))).toMatchObject({
      done: 60,
      percent: 60,
    })
  })

  test('says 100 % when every key has been passed, and never before', () => {
    const there = { ...start({ done: 100_000, walked: 100_000 }) }
    expect(describeProgress(there)).toMatchObject({ total: 100_000, percent: 99.9 })
    expect(describeProgress({ ...there, whole: true })).toMatchObject({ total: 100_000, percent: 100, etaSeconds: 0 })
    const few = { ...start({ done: 7, tableRows: null, every: false }), whole: true }
    expect(describeProgress(few)).toMatchObject({ done: 7, total: 7, percent: 100 })
  })

  test('tells the time in pauses apart from the time that is left', () => {
    let state = start()
    for (let index = 0; index < 60; index++) state = advanceProgress(state, batch)
    const times = { ...NO_BATCHES, pausedMs: 600_000, throttledMs: 4600 }
    expect(describeProgress(state, times)).toMatchObject({ etaSeconds: 940, pausedSeconds: 600, throttledSeconds: 5 })
  })

  test('follows a rate that changes', () => {
    let state = start()
    for (let index = 0; index < 60; index++) state = advanceProgress(state, batch)
    for (let index = 0; index < 60; index++) state = advanceProgress(state, { rows: 10, keys: 10, ms: 1000 })
    expect(describeProgress(state).rowsPerSecond).toBe(10)
  })
})

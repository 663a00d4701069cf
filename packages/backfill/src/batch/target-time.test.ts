import { describe, expect, test } from 'vitest'
import { createTargetTime } from './target-time.js'

function start(targetMs = 250) {
  let now = 0
  const target = createTargetTime(targetMs, { now: () => now, sleep: async () => {}, random: () => 0 })
  const batch = (waited: boolean, ms = 0): number => {
    now += ms
    target.ended(waited)
    return target.ms()
  }
  return { target, batch }
}

describe('the target time of a batch', () => {
  test('stays what the author says while nobody waits', () => {
    const { batch } = start()
    for (let n = 0; n < 100; n++) expect(batch(false, 1000)).toBe(250)
  })

  test('halves with each batch that somebody waited for, down to 20 ms', () => {
    const { batch } = start()
    expect([batch(true), batch(true), batch(true), batch(true), batch(true)]).toEqual([125, 62.5, 31.25, 20, 20])
  })

  test('never goes beyond what the author says, in either direction', () => {
    const { batch } = start(5)
    expect(batch(true)).toBe(5)
    expect(batch(false, 60_000)).toBe(5)
  })

  test('doubles after each ten seconds in which nobody waited', () => {
    const { batch } = start()
    batch(true)
    batch(true)
    expect([batch(false, 9000), batch(false, 999), batch(false, 1), batch(false, 9999), batch(false, 1)]).toEqual([
      62.5, 62.5, 125, 125, 250,
    ])
  })
})

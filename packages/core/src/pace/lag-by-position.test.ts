import { expect, test } from 'vitest'
import { createLagByPosition } from './lag-by-position.js'

test('who has all of the log is not behind, however long nothing was written', () => {
  const log = createLagByPosition()
  log.reached(100n, 0)
  log.reached(100n, 3_600_000)
  expect(log.behind(100n, 3_600_000)).toBe(0)
})

test('who stands still is behind by the time since more was there', () => {
  const log = createLagByPosition()
  log.reached(100n, 0)
  log.reached(200n, 1000)
  log.reached(300n, 2000)
  expect(log.behind(100n, 5000)).toBe(4000)
  expect(log.behind(250n, 5000)).toBe(3000)
  expect(log.behind(300n, 5000)).toBe(0)
})

test('a lag of hours is told from one of minutes with what is remembered', () => {
  const log = createLagByPosition()
  for (let second = 0; second <= 20_000; second++) log.reached(BigInt(second), second * 1000)
  const behind = log.behind(2000n, 20_000_000)
  expect(behind).toBeGreaterThan(15_000_000)
  expect(behind).toBeLessThanOrEqual(18_000_000)
})

test('what was there before we looked is told from what is known', () => {
  const log = createLagByPosition()
  expect(log.knows(100n)).toBe(false)
  log.reached(100n, 0)
  log.reached(200n, 1000)
  expect(log.knows(99n)).toBe(false)
  expect(log.behind(99n, 1000)).toBe(1000)
  expect(log.knows(100n)).toBe(true)
})

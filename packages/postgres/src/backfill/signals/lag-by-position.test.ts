import { expect, test } from 'vitest'
import { fileNumber } from './archive-backlog.js'
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

test('files of the log are numbered across its segments, others are not files of it', () => {
  const size = 16 * 1024 ** 2
  const number = (name: string) => fileNumber(name, size)
  expect(number('000000020000000100000000')! - number('0000000100000000000000FF')!).toBe(1n)
  expect(number('00000002.history')).toBeUndefined()
})

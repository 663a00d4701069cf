import { expect, test } from 'vitest'
import { parseDuration } from './duration.js'

test.each([
  ['500ms', 500],
  ['60s', 60_000],
  ['1.5m', 90_000],
  ['24h', 86_400_000],
  ['7d', 604_800_000],
  ['250', 250],
  [0, 0],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test.each(['', 'soon', '10 parsecs', '-5s', '1h30m', -1, Number.NaN])('%s is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined()
})

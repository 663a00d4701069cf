import { expect, test } from 'vitest'
import { lineCounter } from './line-counter.js'

test('a line begins behind its line feed, and the text with line 1', () => {
  const lineAt = lineCounter('a\n\nbc\n')
  expect([0, 1, 2, 3, 4, 5, 6].map(lineAt)).toEqual([1, 1, 2, 3, 3, 3, 4])
})

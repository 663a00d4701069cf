import { expect, test } from 'vitest'
import { bracketed, inBrackets } from './in-brackets.js'

test('a remark at the end does not swallow the closing bracket', () => {
  expect(inBrackets('a > 0')).toBe('(a > 0)')
  expect(inBrackets('a > 0 -- yes')).toBe('(a > 0 -- yes\n)')
  expect(inBrackets('a > 0 # yes')).toBe('(a > 0 # yes\n)')
})

test.each([
  ['(a)', '(a)'],
  ['((a) + (b))', '((a) + (b))'],
  ['(a) + (b)', '((a) + (b))'],
  [`(a = ')' AND b = "(" AND c = 'it\\'s' AND \`d)\` > 0)`, `(a = ')' AND b = "(" AND c = 'it\\'s' AND \`d)\` > 0)`],
  ['(a -- )\n)', '((a -- )\n)\n)'],
  ['a', '(a)'],
])('%s stands in one pair of brackets', (expression, text) => {
  expect(bracketed(expression)).toBe(text)
})

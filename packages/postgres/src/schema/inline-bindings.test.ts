import { expect, test } from 'vitest'
import { inlineBindings } from './inline-bindings.js'

test('fills places and leaves strings, names and escaped operators alone', () => {
  expect(inlineBindings(`SELECT ?, '?', "?", a \\? 'k', ?`, ['x', null])).toBe(`SELECT 'x', '?', "?", a ? 'k', NULL`)
})

test.each([
  ['SELECT ?', []],
  ['SELECT ??', ['a']],
  ['SELECT 1', ['a']],
  ["SELECT '?'", ['a']],
])('refuses %s with %j', (text, bindings) => {
  expect(() => inlineBindings(text, bindings)).toThrow(expect.objectContaining({ code: 'SCHEMA.BINDINGS' }))
})

import { expect, test } from 'vitest'
import type { Quoting, SqlValue } from '../authoring/sql.js'
import { inlineBindings } from './inline-bindings.js'

const quoting: Quoting = {
  identifier: (names) => names.join('.'),
  literal: (value: SqlValue) => (value === null ? 'NULL' : `'${String(value)}'`),
}
const QUOTED = /'[^']*'|"[^"]*"/

test('fills places and leaves strings, names and escaped operators alone', () => {
  const text = inlineBindings(`SELECT ?, '?', "?", a \\? 'k', ?`, ['x', null], quoting, QUOTED)
  expect(text).toBe(`SELECT 'x', '?', "?", a ? 'k', NULL`)
})

test.each([
  ['SELECT ?', []],
  ['SELECT ??', ['a']],
  ['SELECT 1', ['a']],
  ["SELECT '?'", ['a']],
])('refuses %s with %j', (text, bindings) => {
  expect(() => inlineBindings(text, bindings, quoting, QUOTED)).toThrow(
    expect.objectContaining({ code: 'SCHEMA.BINDINGS' }),
  )
})

import { expect, test } from 'vitest'
import { readTableArgument } from './table-argument.js'

test.each([
  ['users', { name: 'users' }],
  ['Users', { name: 'Users' }],
  ['billing.invoice', { schema: 'billing', name: 'invoice' }],
  ['billing."odd.name"', { schema: 'billing', name: 'odd.name' }],
  ['"say ""hi"""', { name: 'say "hi"' }],
])('%s', (text, table) => {
  expect(readTableArgument(text)).toEqual(table)
})

test.each(['', '.', 'a.b.c', 'users.', '.users', '"users', 'a"b', '""'])('%j is no name', (text) => {
  expect(() => readTableArgument(text)).toThrow(expect.objectContaining({ code: 'VERB.USAGE' }))
})

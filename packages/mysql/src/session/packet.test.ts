import { expect, test } from 'vitest'
import { RowTooLarge, statementsThatFit } from './packet.js'

const list = (rows: readonly string[]): string => rows.join(',')

test('what fits is one statement', () => {
  expect(statementsThatFit(['a', 'b', 'c'], 5, list)).toEqual(['a,b,c'])
})

test('what does not fit is halved until each part does, and no row is lost or moved', () => {
  const rows = Array.from({ length: 1000 }, (_, index) => 'é'.repeat(index % 40) + index)
  const parts = statementsThatFit(rows, 200, list)
  expect(parts.join(',').split(',')).toEqual(rows)
  expect(Math.max(...parts.map((part) => Buffer.byteLength(part)))).toBeLessThanOrEqual(200)
})

test('a row that does not fit alone is an error with both sizes', () => {
  expect(() => statementsThatFit(['a', 'bbbbbb'], 5, list)).toThrow(RowTooLarge)
  expect(() => statementsThatFit(['bbbbbb'], 5, list)).toThrow(/6 bytes; max_allowed_packet allows 5 bytes/)
})

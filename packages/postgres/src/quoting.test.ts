import { expect, test } from 'vitest'
import { postgresQuoting } from './quoting.js'

const { identifier, literal } = postgresQuoting

test.each([
  [['users'], 'users'],
  [['_u1'], '_u1'],
  [['Users'], '"Users"'],
  [['order'], '"order"'],
  [['between'], '"between"'],
  [['1st'], '"1st"'],
  [['größe'], '"größe"'],
  [['a"b'], '"a""b"'],
  [['a b', 'c.d'], '"a b"."c.d"'],
])('the name %j is written %s', (names, text) => {
  expect(identifier(names)).toBe(text)
})

test.each([[[]], [['']], [['a\0b']], [['x'.repeat(64)]], [['ü'.repeat(32)]], [[undefined as unknown as string]]])(
  'the name %j is refused',
  (names) => {
    expect(() => identifier(names)).toThrow(expect.objectContaining({ code: 'SQL.IDENTIFIER' }))
  },
)

test.each([
  [null, 'NULL'],
  [true, 'true'],
  [0, '0'],
  [-0, '0'],
  [-1.5, '(-1.5)'],
  [1e21, '1e+21'],
  [9007199254740993n, '9007199254740993'],
  [-1n, '(-1)'],
  ["it's", "'it''s'"],
  ['back\\slash', "'back\\slash'"],
  ['?', "'?'"],
  [new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6)), "timestamptz '2026-01-02T03:04:05.006Z'"],
  [new Uint8Array([0, 255]), "'\\x00ff'::bytea"],
])('%s is written %s', (value, text) => {
  expect(literal(value)).toBe(text)
})

test.each([Number.NaN, Number.POSITIVE_INFINITY, new Date(Number.NaN), new Date(8.64e15), 'a\0b', undefined, {}])(
  '%s is refused',
  (value) => {
    expect(() => literal(value as string)).toThrow(expect.objectContaining({ code: 'SQL.VALUE' }))
  },
)

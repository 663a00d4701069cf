import { expect, test } from 'vitest'
import { mysqlQuoting } from './quoting.js'

const { identifier, literal } = mysqlQuoting

test.each([
  [['users'], 'users'],
  [['_u1'], '_u1'],
  [['Users'], 'Users'],
  [['order'], '`order`'],
  [['Rank'], '`Rank`'],
  [['offset'], '`offset`'],
  [['1st'], '`1st`'],
  [['größe'], '`größe`'],
  [['a`b'], '`a``b`'],
  [['a b', 'c.d'], '`a b`.`c.d`'],
  [['ü'.repeat(64)], `\`${'ü'.repeat(64)}\``],
])('the name %j is written %s', (names, text) => {
  expect(identifier(names)).toBe(text)
})

test.each([[[]], [['']], [['a\0b']], [['x'.repeat(65)]], [['a ']], [['a😀']], [[undefined as unknown as string]]])(
  'the name %j is refused',
  (names) => {
    expect(() => identifier(names)).toThrow(expect.objectContaining({ code: 'SQL.IDENTIFIER' }))
  },
)

test.each([
  [null, 'NULL'],
  [true, 'TRUE'],
  [0, '0'],
  [-0, '0'],
  [-1.5, '-1.5'],
  [1e21, '1e+21'],
  [9007199254740993n, '9007199254740993'],
  [-1n, '-1'],
  ["it's", "'it''s'"],
  ['back\\slash', "_utf8mb4 X'6261636b5c736c617368'"],
  ["\0 and ü's", "_utf8mb4 X'0020616e6420c3bc2773'"],
  ['😀 "?"', `'😀 "?"'`],
  [new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6)), "TIMESTAMP'2026-01-02 03:04:05.006'"],
  [new Uint8Array([0, 255]), "X'00ff'"],
])('%s is written %s', (value, text) => {
  expect(literal(value)).toBe(text)
})

test.each([
  Number.NaN,
  Number.POSITIVE_INFINITY,
  new Date(Number.NaN),
  new Date(8.64e15),
  'half \ud83d',
  undefined,
  {},
])('%s is refused', (value) => {
  expect(() => literal(value as string)).toThrow(expect.objectContaining({ code: 'SQL.VALUE' }))
})

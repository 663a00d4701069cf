import { ops, sql } from '@phasegate/core'
import { expect, test } from 'vitest'
import { tableInUse } from './operations.test.support.js'
import { setDefault } from './set-default.js'

test.each<[Parameters<typeof ops.setDefault>[2], string]>([
  ["it's", "'it''s'"],
  ['a\\b', "_utf8mb4 X'615c62'"],
  [false, 'FALSE'],
  [null, 'NULL'],
  [-1.5, '-1.5'],
  [new Date(5), "'1970-01-01 00:00:00.005'"],
  [sql`uuid()`, '(uuid())'],
  [sql`(1 + 1)`, '(1 + 1)'],
  [sql`(1) + (1)`, '((1) + (1))'],
  // MySQL wants these in brackets here, though not in the definition of a column.
  [sql`CURRENT_TIMESTAMP`, '(CURRENT_TIMESTAMP)'],
  [sql`${'x'}`, "'x'"],
])('writes %j so that both servers take it', (value, text) => {
  const operation = ops.setDefault('users', 'plan', value)
  expect(setDefault.compile(operation, tableInUse)).toEqual([`ALTER TABLE users ALTER COLUMN plan SET DEFAULT ${text}`])
})

test('says what was written, and that it cannot be undone', () => {
  const operation = ops.setDefault('users', 'plan', 'free')
  expect(setDefault.describe(operation)).toBe("ops.setDefault(users, plan, 'free')")
  expect(setDefault.revert(operation)).toEqual({
    impossible: 'the default that users.plan had before is not in the file',
  })
})

test('wants a default', () => {
  const operation = ops.setDefault('users', 'plan', undefined as unknown as string)
  expect(() => setDefault.compile(operation, tableInUse)).toThrow(
    expect.objectContaining({ code: 'OPERATION.ARGUMENT' }),
  )
})

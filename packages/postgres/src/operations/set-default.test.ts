import { ops, sql } from '@phasegate/core'
import { expect, test } from 'vitest'
import { setDefault } from './set-default.js'

const context = { file: 'm.ts', isNewTable: () => false }

test('writes values as literals and expressions as they are', () => {
  const compile = (value: Parameters<typeof ops.setDefault>[2]): readonly string[] =>
    setDefault.compile(ops.setDefault('users', 'plan', value), context)
  expect(compile("it's")).toEqual(["ALTER TABLE users ALTER COLUMN plan SET DEFAULT 'it''s'"])
  expect(compile(false)).toEqual(['ALTER TABLE users ALTER COLUMN plan SET DEFAULT false'])
  expect(compile(null)).toEqual(['ALTER TABLE users ALTER COLUMN plan SET DEFAULT NULL'])
  expect(compile(sql`now() + ${'1 day'}::interval`)).toEqual([
    "ALTER TABLE users ALTER COLUMN plan SET DEFAULT now() + '1 day'::interval",
  ])
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
  expect(() => setDefault.compile(operation, context)).toThrow(expect.objectContaining({ code: 'OPERATION.ARGUMENT' }))
})

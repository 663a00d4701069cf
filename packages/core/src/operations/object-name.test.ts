import { expect, test } from 'vitest'
import { objectName } from './object-name.js'

test('joins table, columns and suffix', () => {
  expect(objectName(['users', 'email', 'plan'], 'idx', 63)).toBe('users_email_plan_idx')
})

test('cuts a long name to 63 bytes, at a whole character, and marks it with a hash of the whole', () => {
  const one = objectName(['ü'.repeat(40), 'a'], 'idx', 63)
  const two = objectName(['ü'.repeat(40), 'b'], 'idx', 63)
  expect(Buffer.byteLength(one)).toBeLessThanOrEqual(63)
  expect(one).toMatch(/^ü+_[0-9a-f]{8}_idx$/)
  expect(one).not.toBe(two)
})

test('keeps a name of exactly 63 bytes', () => {
  expect(objectName(['t'.repeat(59)], 'idx', 63)).toBe(`${'t'.repeat(59)}_idx`)
  expect(objectName(['t'.repeat(60)], 'idx', 63)).toMatch(/^t{50}_[0-9a-f]{8}_idx$/)
})

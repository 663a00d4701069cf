import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { dropConstraint } from './drop-constraint.js'
import { tableInUse } from './operations.test.support.js'

test('drops a constraint by its name', () => {
  const operation = ops.dropConstraint('users', 'has_price')
  expect(dropConstraint.compile(operation, tableInUse)).toEqual(['ALTER TABLE users DROP CONSTRAINT has_price'])
  expect(dropConstraint.describe(operation)).toBe('ops.dropConstraint(users, has_price)')
  expect(dropConstraint.revert(operation)).toHaveProperty('impossible')
})

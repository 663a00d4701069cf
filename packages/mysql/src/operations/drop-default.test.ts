import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { dropDefault } from './drop-default.js'
import { tableInUse } from './operations.test.support.js'

test('drops a default', () => {
  const operation = ops.dropDefault('users', 'plan')
  expect(dropDefault.compile(operation, tableInUse)).toEqual(['ALTER TABLE users ALTER COLUMN plan DROP DEFAULT'])
  expect(dropDefault.describe(operation)).toBe('ops.dropDefault(users, plan)')
  expect(dropDefault.revert(operation)).toHaveProperty('impossible')
})

import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { dropNotNull } from './drop-not-null.js'
import { tableInUse } from './operations.test.support.js'

test('repeats the definition that the catalog has', () => {
  const operation = ops.dropNotNull('users', 'order')
  expect(dropNotNull.compile(operation, tableInUse)).toEqual([
    'ALTER TABLE users MODIFY COLUMN `order` <definition> NULL',
  ])
  expect(dropNotNull.describe(operation)).toBe('ops.dropNotNull(users, order)')
  expect(dropNotNull.revert(operation)).toHaveProperty('impossible')
})

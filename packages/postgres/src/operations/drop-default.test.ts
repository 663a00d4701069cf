import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { dropDefault } from './drop-default.js'

const context = { file: 'm.ts', isNewTable: () => false }

test('drops a default', () => {
  const operation = ops.dropDefault('users', 'order')
  expect(dropDefault.compile(operation, context)).toEqual(['ALTER TABLE users ALTER COLUMN "order" DROP DEFAULT'])
  expect(dropDefault.describe(operation)).toBe('ops.dropDefault(users, order)')
  expect(dropDefault.revert(operation)).toHaveProperty('impossible')
})

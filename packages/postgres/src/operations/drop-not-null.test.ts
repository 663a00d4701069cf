import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { dropNotNull } from './drop-not-null.js'

const context = { file: 'm.ts', isNewTable: () => false }

test('drops NOT NULL', () => {
  const operation = ops.dropNotNull('users', 'plan')
  expect(dropNotNull.compile(operation, context)).toEqual(['ALTER TABLE users ALTER COLUMN plan DROP NOT NULL'])
  expect(dropNotNull.describe(operation)).toBe('ops.dropNotNull(users, plan)')
  expect(dropNotNull.revert(operation)).toHaveProperty('impossible')
})

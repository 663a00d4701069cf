import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { dropConstraint } from './drop-constraint.js'

const context = { file: 'm.ts', isNewTable: () => false }

test('drops a constraint', () => {
  const operation = ops.dropConstraint('items', 'Has price')
  expect(dropConstraint.compile(operation, context)).toEqual(['ALTER TABLE items DROP CONSTRAINT "Has price"'])
  expect(dropConstraint.describe(operation)).toBe('ops.dropConstraint(items, Has price)')
  expect(dropConstraint.revert(operation)).toHaveProperty('impossible')
})

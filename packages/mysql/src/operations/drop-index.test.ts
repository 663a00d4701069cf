import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { dropIndex } from './drop-index.js'
import { tableInUse } from './operations.test.support.js'

test('drops an index of a table', () => {
  const operation = ops.dropIndex('by_mail', { table: { schema: 'billing', table: 'invoice' } })
  expect(dropIndex.compile(operation, tableInUse)).toEqual(['ALTER TABLE billing.invoice DROP INDEX by_mail'])
  expect(dropIndex.describe(operation)).toBe('ops.dropIndex(by_mail, billing.invoice)')
  expect(dropIndex.revert(operation)).toHaveProperty('impossible')
})

test('wants the table', () => {
  expect(() => dropIndex.compile(ops.dropIndex('by_mail'), tableInUse)).toThrow(
    expect.objectContaining({
      code: 'OPERATION.ARGUMENT',
      next: ["Write ops.dropIndex('by_mail', { table: 'users' })."],
    }),
  )
})

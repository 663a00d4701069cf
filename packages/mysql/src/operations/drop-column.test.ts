import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { dropColumn } from './drop-column.js'
import { tableInUse } from './operations.test.support.js'

test('drops a column that must be there', () => {
  const operation = ops.dropColumn({ schema: 'billing', table: 'users' }, 'order')
  expect(dropColumn.compile(operation, tableInUse)).toEqual(['ALTER TABLE billing.users DROP COLUMN `order`'])
  expect(dropColumn.describe(operation)).toBe('ops.dropColumn(billing.users, order)')
  expect(dropColumn.revert(operation)).toEqual({
    impossible: 'the data of billing.users.order is gone once it is dropped',
  })
})

test('wants a schema written as one', () => {
  expect(() => dropColumn.compile(ops.dropColumn('billing.users', 'a'), tableInUse)).toThrow(
    expect.objectContaining({ code: 'OPERATION.ARGUMENT', next: ["Write { schema: 'billing', table: 'users' }."] }),
  )
})

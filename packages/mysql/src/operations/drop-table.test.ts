import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { dropTable } from './drop-table.js'
import { tableInUse } from './operations.test.support.js'

test('drops one table', () => {
  const operation = ops.dropTable({ schema: 'old', table: 'users' })
  expect(dropTable.compile(operation, tableInUse)).toEqual(['DROP TABLE old.users'])
  expect(dropTable.describe(operation)).toBe('ops.dropTable(old.users)')
  expect(dropTable.revert(operation)).toEqual({ impossible: 'the data of old.users is gone once it is dropped' })
})

import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { dropTable } from './drop-table.js'

const context = { file: 'm.ts', isNewTable: () => false }

test('drops a table, without what depends on it', () => {
  const operation = ops.dropTable({ schema: 'old', table: 'users' })
  expect(dropTable.compile(operation, context)).toEqual(['DROP TABLE old.users'])
  expect(dropTable.describe(operation)).toBe('ops.dropTable(old.users)')
  expect(dropTable.revert(operation)).toEqual({ impossible: 'the data of old.users is gone once it is dropped' })
})

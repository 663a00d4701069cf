import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { alterTable } from './alter-table.js'
import { tableInUse } from './operations.test.support.js'

test('is the clause as written', () => {
  const operation = ops.alterTable('users', ' ADD a int ', { engine: 'native' })
  expect(alterTable.compile(operation, tableInUse)).toEqual(['ALTER TABLE users ADD a int'])
  expect(alterTable.describe(ops.alterTable('users', 'ADD a int'))).toBe('ops.alterTable(users, ADD a int)')
})

test.each([ops.alterTable('users', ' '), ops.alterTable('users', 'ADD a int', { engine: 'pg_repack' })])(
  'refuses %j',
  (operation) => {
    expect(() => alterTable.compile(operation, tableInUse)).toThrow(
      expect.objectContaining({ code: 'OPERATION.ARGUMENT' }),
    )
  },
)

import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { alterTable } from './alter-table.js'

const context = { file: 'm.ts', isNewTable: () => false }

test('is the clause as written', () => {
  const operation = ops.alterTable('users', ' ALTER COLUMN plan SET STATISTICS 500 ', { engine: 'native' })
  expect(alterTable.compile(operation, context)).toEqual(['ALTER TABLE users ALTER COLUMN plan SET STATISTICS 500'])
  expect(alterTable.describe(ops.alterTable('users', 'ADD a int'))).toBe('ops.alterTable(users, ADD a int)')
})

test.each([ops.alterTable('users', ' '), ops.alterTable('users', 'ADD a int', { engine: 'gh-ost' as 'auto' })])(
  'refuses %j',
  (operation) => {
    expect(() => alterTable.compile(operation, context)).toThrow(
      expect.objectContaining({ code: 'OPERATION.ARGUMENT' }),
    )
  },
)

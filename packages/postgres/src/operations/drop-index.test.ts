import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { dropIndex } from './drop-index.js'

const context = { file: 'm.ts', isNewTable: () => false }
const onNewTable = { file: 'm.ts', isNewTable: () => true }

test('drops concurrently, in the schema of its table', () => {
  expect(dropIndex.compile(ops.dropIndex('users_email_idx'), context)).toEqual([
    'DROP INDEX CONCURRENTLY users_email_idx',
  ])
  const operation = ops.dropIndex('by_mail', { table: { schema: 'billing', table: 'invoice' } })
  expect(dropIndex.compile(operation, context)).toEqual(['DROP INDEX CONCURRENTLY billing.by_mail'])
  expect(dropIndex.describe(operation)).toBe('ops.dropIndex(by_mail, billing.invoice)')
  expect(dropIndex.revert(operation)).toHaveProperty('impossible')
})

test('drops plainly on a table that the unit created', () => {
  expect(dropIndex.compile(ops.dropIndex('by_mail', { table: 'users' }), onNewTable)).toEqual(['DROP INDEX by_mail'])
})

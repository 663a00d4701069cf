import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { addUnique } from './add-unique.js'

const context = { file: 'm.ts', isNewTable: () => false }
const onNewTable = { file: 'm.ts', isNewTable: () => true }

const operation = ops.addUnique('users', ['tenant', 'email'])

test('builds the index concurrently and makes it the constraint', () => {
  expect(addUnique.compile(operation, context)).toEqual([
    'CREATE UNIQUE INDEX CONCURRENTLY users_tenant_email_key ON users (tenant, email)',
    'ALTER TABLE users ADD CONSTRAINT users_tenant_email_key UNIQUE USING INDEX users_tenant_email_key',
  ])
  expect(addUnique.describe(operation)).toBe('ops.addUnique(users, [tenant, email])')
})

test('is plain on a table that the unit created', () => {
  expect(addUnique.compile(operation, onNewTable)).toEqual([
    'ALTER TABLE users ADD CONSTRAINT users_tenant_email_key UNIQUE (tenant, email)',
  ])
})

test('is undone as constraint, and as the index that was not one yet', () => {
  expect(addUnique.revert(operation)).toEqual({
    statements: [
      'ALTER TABLE users DROP CONSTRAINT IF EXISTS users_tenant_email_key',
      'DROP INDEX CONCURRENTLY IF EXISTS users_tenant_email_key',
    ],
  })
})

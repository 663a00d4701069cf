import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { addUnique } from './add-unique.js'
import { tableInUse } from './operations.test.support.js'

test('adds a unique index, which is the constraint', () => {
  const operation = ops.addUnique('users', ['tenant', 'email'])
  expect(addUnique.compile(operation, tableInUse)).toEqual([
    'ALTER TABLE users ADD UNIQUE INDEX users_tenant_email_key (tenant, email)',
  ])
  expect(addUnique.describe(operation)).toBe('ops.addUnique(users, [tenant, email])')
  expect(addUnique.revert(operation)).toEqual({
    statements: ['ALTER TABLE users DROP INDEX IF EXISTS users_tenant_email_key'],
  })
})

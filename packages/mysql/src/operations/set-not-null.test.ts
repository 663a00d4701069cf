import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { parseStatements } from '../parse/parse-statements.js'
import { tableInUse } from './operations.test.support.js'
import { setNotNull } from './set-not-null.js'

const operation = ops.setNotNull('users', 'email_verified')

test('repeats the definition that the catalog has, and is undone in the same way', () => {
  expect(setNotNull.compile(operation, tableInUse)).toEqual([
    'ALTER TABLE users MODIFY COLUMN email_verified <definition> NOT NULL',
  ])
  expect(setNotNull.describe(operation)).toBe('ops.setNotNull(users, email_verified)')
  expect(setNotNull.revert(operation)).toEqual({
    statements: ['ALTER TABLE users MODIFY COLUMN email_verified <definition> NULL'],
  })
})

test('is understood by our own parser', () => {
  const [statement] = parseStatements(setNotNull.compile(operation, tableInUse)[0]!, 'm.ts')
  expect(statement?.node).toMatchObject({ clauses: [{ kind: 'set not null', column: 'email_verified' }] })
})

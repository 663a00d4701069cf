import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { setNotNull } from './set-not-null.js'

const context = { file: 'm.ts', isNewTable: () => false }
const onNewTable = { file: 'm.ts', isNewTable: () => true }

const operation = ops.setNotNull('users', 'email_verified')

test('proves the column first, beside all traffic, and drops the proof by itself', () => {
  expect(setNotNull.compile(operation, context)).toEqual([
    'ALTER TABLE users ADD CONSTRAINT users_email_verified_not_null_proof CHECK (email_verified IS NOT NULL) NOT VALID',
    'ALTER TABLE users VALIDATE CONSTRAINT users_email_verified_not_null_proof',
    'ALTER TABLE users ALTER COLUMN email_verified SET NOT NULL',
    'ALTER TABLE users DROP CONSTRAINT users_email_verified_not_null_proof',
  ])
  expect(setNotNull.describe(operation)).toBe('ops.setNotNull(users, email_verified)')
})

test('is plain on a table that the unit created', () => {
  expect(setNotNull.compile(operation, onNewTable)).toEqual([
    'ALTER TABLE users ALTER COLUMN email_verified SET NOT NULL',
  ])
})

test('is undone together with a proof that was left', () => {
  expect(setNotNull.revert(operation)).toEqual({
    statements: [
      'ALTER TABLE users DROP CONSTRAINT IF EXISTS users_email_verified_not_null_proof',
      'ALTER TABLE users ALTER COLUMN email_verified DROP NOT NULL',
    ],
  })
})

import { ops, sql } from '@phasegate/core'
import { expect, test } from 'vitest'
import { createIndex } from './create-index.js'

const context = { file: 'm.ts', isNewTable: () => false }
const onNewTable = { file: 'm.ts', isNewTable: () => true }

test('builds concurrently under a name of its own', () => {
  const operation = ops.createIndex('users', ['email', 'plan'])
  expect(createIndex.compile(operation, context)).toEqual([
    'CREATE INDEX CONCURRENTLY users_email_plan_idx ON users (email, plan)',
  ])
  expect(createIndex.describe(operation)).toBe('ops.createIndex(users, [email, plan])')
  expect(createIndex.revert(operation)).toEqual({
    statements: ['DROP INDEX CONCURRENTLY IF EXISTS users_email_plan_idx'],
  })
})

test('builds plainly on a table that the unit created', () => {
  expect(createIndex.compile(ops.createIndex('users', ['email']), onNewTable)).toEqual([
    'CREATE INDEX users_email_idx ON users (email)',
  ])
})

test('takes every option', () => {
  const operation = ops.createIndex({ schema: 'billing', table: 'invoice' }, [sql`lower(email)`, 'Größe'], {
    name: 'by_mail',
    unique: true,
    method: 'btree',
    where: sql`deleted_at IS NULL -- still there`,
    include: ['id'],
  })
  expect(createIndex.compile(operation, context)).toEqual([
    'CREATE UNIQUE INDEX CONCURRENTLY by_mail ON billing.invoice USING btree ((lower(email)), "Größe") INCLUDE (id) ' +
      'WHERE deleted_at IS NULL -- still there',
  ])
  expect(createIndex.revert(operation)).toEqual({ statements: ['DROP INDEX CONCURRENTLY IF EXISTS billing.by_mail'] })
})

test('names two indexes on expressions differently', () => {
  const names = [sql`lower(email)`, sql`upper(email)`].map(
    (key) => createIndex.compile(ops.createIndex('users', [key]), context)[0],
  )
  expect(names).toEqual([
    'CREATE INDEX CONCURRENTLY users_expr_6c838914_idx ON users ((lower(email)))',
    'CREATE INDEX CONCURRENTLY users_expr_2e1e30f0_idx ON users ((upper(email)))',
  ])
})

test.each([[[]], ['email'], [undefined]])('refuses %j as columns', (columns) => {
  const operation = ops.createIndex('users', columns as unknown as string[])
  expect(() => createIndex.compile(operation, context)).toThrow(expect.objectContaining({ code: 'OPERATION.ARGUMENT' }))
})

import { ops, sql } from '@phasegate/core'
import { expect, test } from 'vitest'
import { mariadb, mysql, newTable, tableInUse } from './operations.test.support.js'

const { createIndex } = mysql()

test('builds under a name of its own', () => {
  const operation = ops.createIndex({ schema: 'billing', table: 'users' }, ['email', 'Größe'], { unique: true })
  expect(createIndex.compile(operation, tableInUse)).toEqual([
    'CREATE UNIQUE INDEX `users_email_Größe_idx` ON billing.users (email, `Größe`)',
  ])
  expect(createIndex.describe(operation)).toBe('ops.createIndex(billing.users, [email, Größe], unique)')
  expect(createIndex.revert(operation)).toEqual({
    statements: ['ALTER TABLE billing.users DROP INDEX IF EXISTS `users_email_Größe_idx`'],
  })
})

test('names two indexes on expressions differently, on a table that the unit created', () => {
  const names = [sql`lower(email)`, sql`upper(email)`].map(
    (key) => createIndex.compile(ops.createIndex('users', [key]), newTable)[0],
  )
  expect(names).toEqual([
    'CREATE INDEX users_expr_6c838914_idx ON users ((lower(email)))',
    'CREATE INDEX users_expr_2e1e30f0_idx ON users ((upper(email)))',
  ])
})

test('refuses an expression where writers would wait, or where there are no such indexes', () => {
  const operation = ops.createIndex('users', [sql`lower(email)`])
  const next = expect.arrayContaining([expect.stringContaining('AS (lower(email)) VIRTUAL')])
  expect(() => createIndex.compile(operation, tableInUse)).toThrow(
    expect.objectContaining({ code: 'OPERATION.UNSAFE', next }),
  )
  for (const context of [tableInUse, newTable]) {
    expect(() => mariadb().createIndex.compile(operation, context)).toThrow(
      expect.objectContaining({ code: 'OPERATION.UNSUPPORTED', next }),
    )
  }
})

test.each([{ method: 'hash' }, { where: sql`a > 0` }, { include: ['id'] }])('refuses the option %j', (options) => {
  expect(() => createIndex.compile(ops.createIndex('users', ['email'], options), newTable)).toThrow(
    expect.objectContaining({ code: 'OPERATION.UNSUPPORTED' }),
  )
})

test.each([[[]], ['email'], [undefined]])('refuses %j as columns', (columns) => {
  const operation = ops.createIndex('users', columns as unknown as string[])
  expect(() => createIndex.compile(operation, tableInUse)).toThrow(
    expect.objectContaining({ code: 'OPERATION.ARGUMENT' }),
  )
})

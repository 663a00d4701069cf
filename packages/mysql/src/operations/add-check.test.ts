import { ops, sql } from '@phasegate/core'
import { expect, test } from 'vitest'
import { mariadb, mysql, newTable, tableInUse } from './operations.test.support.js'

const operation = ops.addCheck('items', sql`price > ${-1}`)

test('copies the table, and is refused on one in use with the way out', () => {
  for (const { addCheck } of [mysql(), mariadb('10.11')]) {
    expect(() => addCheck.compile(operation, tableInUse)).toThrow(expect.objectContaining({ code: 'OPERATION.UNSAFE' }))
  }
})

test('is plain on a table that the unit created', () => {
  const { addCheck } = mysql()
  expect(addCheck.compile(operation, newTable)).toEqual([
    'ALTER TABLE items ADD CONSTRAINT items_price_check CHECK (price > -1)',
  ])
  expect(addCheck.describe(operation)).toBe('ops.addCheck(items, price > -1)')
  expect(addCheck.revert(operation)).toEqual({
    statements: ['ALTER TABLE items DROP CONSTRAINT IF EXISTS items_price_check'],
  })
})

test('runs where the server can copy a table beside its writers', () => {
  expect(mariadb('11.4').addCheck.compile(operation, tableInUse)).toHaveLength(1)
})

test('takes a name, is named after the table where it reads several columns, and keeps a remark from its bracket', () => {
  const { addCheck } = mysql()
  expect(addCheck.compile(ops.addCheck('items', sql`price > cost # ok`, { name: 'has_price' }), newTable)).toEqual([
    'ALTER TABLE items ADD CONSTRAINT has_price CHECK (price > cost # ok\n)',
  ])
  expect(addCheck.compile(ops.addCheck('items', sql`price > cost`), newTable)).toEqual([
    'ALTER TABLE items ADD CONSTRAINT items_check CHECK (price > cost)',
  ])
})

test.each([['text'], [sql`price >`], [sql`true), ADD CHECK (true`]])('refuses %j', (check) => {
  expect(() => mysql().addCheck.compile(ops.addCheck('items', check as typeof operation.check), newTable)).toThrow(
    expect.objectContaining({ name: 'PhasegateError' }),
  )
})

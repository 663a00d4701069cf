import { ops, sql } from '@phasegate/core'
import { beforeAll, expect, test } from 'vitest'
import { loadParser } from '../parse/parser.js'
import { addCheck } from './add-check.js'

const context = { file: 'm.ts', isNewTable: () => false }
const onNewTable = { file: 'm.ts', isNewTable: () => true }

beforeAll(loadParser)

const operation = ops.addCheck('items', sql`price > ${-1}`)

test('is added NOT VALID and validated by a step of its own', () => {
  expect(addCheck.compile(operation, context)).toEqual([
    'ALTER TABLE items ADD CONSTRAINT items_price_check CHECK (price > (-1)) NOT VALID',
    'ALTER TABLE items VALIDATE CONSTRAINT items_price_check',
  ])
  expect(addCheck.describe(operation)).toBe('ops.addCheck(items, price > (-1))')
  expect(addCheck.revert(operation)).toEqual({
    statements: ['ALTER TABLE items DROP CONSTRAINT IF EXISTS items_price_check'],
  })
})

test('takes a name, and is plain on a table that the unit created', () => {
  const named = ops.addCheck('items', sql`price > 0`, { name: 'has_price' })
  expect(addCheck.compile(named, onNewTable)).toEqual(['ALTER TABLE items ADD CONSTRAINT has_price CHECK (price > 0)'])
})

test('is named after the table where it reads several columns', () => {
  expect(addCheck.compile(ops.addCheck('items', sql`price > cost`), onNewTable)).toEqual([
    'ALTER TABLE items ADD CONSTRAINT items_check CHECK (price > cost)',
  ])
})

test.each([['text'], [sql`price >`], [sql`true) NOT VALID, ADD CHECK (true`]])('refuses %j', (check) => {
  expect(() => addCheck.compile(ops.addCheck('items', check as typeof operation.check), context)).toThrow(
    expect.objectContaining({ name: 'PhasegateError' }),
  )
})

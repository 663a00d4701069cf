import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { dropColumn } from './drop-column.js'

const context = { file: 'm.ts', isNewTable: () => false }

test('drops a column of a table in a schema, quoted where it must be', () => {
  const operation = ops.dropColumn({ schema: 'billing', table: 'Invoice' }, 'größe')
  expect(dropColumn.compile(operation, context)).toEqual(['ALTER TABLE billing."Invoice" DROP COLUMN "größe"'])
  expect(dropColumn.describe(operation)).toBe('ops.dropColumn(billing.Invoice, größe)')
})

test('cannot be undone', () => {
  expect(dropColumn.revert(ops.dropColumn('users', 'plan'))).toEqual({
    impossible: 'the data of users.plan is gone once it is dropped',
  })
})

test.each(['billing.invoice', '', undefined, null, 7])('refuses %j as a table', (table) => {
  expect(() => dropColumn.compile(ops.dropColumn(table as string, 'plan'), context)).toThrow(
    expect.objectContaining({ name: 'PhasegateError' }),
  )
})

import { ops } from '@phasegate/core'
import { beforeAll, expect, test } from 'vitest'
import { loadKnex } from '../schema/compile-schema.js'
import { createTable } from './create-table.js'
import { tableInUse } from './operations.test.support.js'

beforeAll(loadKnex)

const operation = ops.createTable({ schema: 'billing', table: 'invoice' }, (t) => {
  t.bigIncrements('id')
  t.string('note').notNullable().defaultTo("it's").index()
})

test('gives the statements of the table builder', () => {
  expect(createTable.compile(operation, tableInUse)).toEqual([
    'create table `billing`.`invoice` (`id` bigint unsigned not null auto_increment primary key, ' +
      "`note` varchar(255) not null default 'it''s')",
    'alter table `billing`.`invoice` add index `invoice_note_index`(`note`)',
  ])
  expect(createTable.describe(operation)).toBe('ops.createTable(billing.invoice)')
  expect(createTable.revert(operation)).toEqual({ statements: ['DROP TABLE IF EXISTS billing.invoice'] })
})

test('wants a builder', () => {
  const wrong = ops.createTable('invoice', undefined as unknown as typeof operation.build)
  expect(() => createTable.compile(wrong, tableInUse)).toThrow(expect.objectContaining({ code: 'OPERATION.ARGUMENT' }))
})

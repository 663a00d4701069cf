import { ops } from '@phasegate/core'
import { beforeAll, expect, test } from 'vitest'
import { loadKnex } from '../schema/compile-schema.js'
import { createTable } from './create-table.js'

const context = { file: 'm.ts', isNewTable: () => false }

beforeAll(loadKnex)

const operation = ops.createTable({ schema: 'billing', table: 'invoice' }, (t) => {
  t.bigIncrements('id')
  t.text('note').notNullable().defaultTo("it's").index()
})

test('gives the statements of the table builder', () => {
  expect(createTable.compile(operation, context)).toEqual([
    `create table "billing"."invoice" ("id" bigserial primary key, "note" text not null default 'it''s')`,
    'create index "invoice_note_index" on "billing"."invoice" ("note")',
  ])
  expect(createTable.describe(operation)).toBe('ops.createTable(billing.invoice)')
  expect(createTable.revert(operation)).toEqual({ statements: ['DROP TABLE IF EXISTS billing.invoice'] })
})

test('wants a builder', () => {
  const wrong = ops.createTable('invoice', undefined as unknown as typeof operation.build)
  expect(() => createTable.compile(wrong, context)).toThrow(expect.objectContaining({ code: 'OPERATION.ARGUMENT' }))
})

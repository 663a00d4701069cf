import type { EngineTable } from '@phasegate/core'
import { expect, test } from 'vitest'
import { refusals } from './refusals.js'

const table: EngineTable = {
  schema: 'public',
  name: 'users',
  identity: '16455/16455',
  rows: 10,
  bytes: 8192,
  storage: 'heap',
  partitioned: false,
  columns: ['id'],
  keys: [{ name: 'users_pkey', columns: ['id'], primary: true }],
  references: [{ constraint: 'users_team', table: 'team' }],
  referencedBy: [{ constraint: 'order_user', table: 'orders', rows: 5 }],
  triggers: [{ name: 'zz_phasegate_sync_users', sync: true }],
}

test('foreign keys on both sides and triggers of others are no matter', () => {
  expect(refusals({ alter: '' }, table)).toEqual([])
})

test.each([
  ['no key', { keys: [] }, /no key .* primary key, or a valid unique index/],
  ['partitioned', { storage: 'partitioned' }, /repack its partitions/],
  ['unlogged', { storage: 'unlogged' }, /SET LOGGED/],
  ['temporary', { storage: 'temporary' }, /only its own session/],
  ['another access method', { storage: 'columnar' }, /columnar/],
  ['a table of the catalog', { schema: 'pg_catalog' }, /pg_catalog/],
  ['no columns', { columns: [] }, /no columns/],
] as const)('%s', (_, part, reason) => {
  expect(refusals({ alter: '' }, { ...table, ...part })).toEqual([expect.stringMatching(reason)])
})

test('it changes nothing of a table', () => {
  expect(refusals({ alter: 'ADD COLUMN a int' }, table)).toEqual([expect.stringMatching(/expand and contract/)])
})

import type { EngineTable, EngineTask, TaskTrait } from '@phasegate/core'
import { expect, test } from 'vitest'
import { refusals, versionProblem } from './refusals.js'

const TABLE: EngineTable = {
  schema: 'shop',
  name: 'users',
  identity: '1',
  rows: 10,
  bytes: 100,
  storage: 'InnoDB',
  partitioned: false,
  columns: ['id'],
  keys: [{ name: 'PRIMARY', columns: ['id'], primary: true }],
  references: [],
  referencedBy: [],
  triggers: [],
}

const task = (...traits: readonly TaskTrait[]): EngineTask => ({
  table: { name: 'users' },
  alter: 'ADD a int',
  traits,
  wanted: 'auto',
  native: 'copy',
})

test.each<readonly [string, Partial<EngineTable>, TaskTrait[], RegExp]>([
  ['no key', { keys: [] }, [], /needs a primary key/],
  [
    'triggers',
    { triggers: [{ name: 'audit', sync: false }] },
    [],
    /no table with triggers \(audit\): drop them before\./,
  ],
  ['a sync', { triggers: [{ name: 'phasegate_sync_a_1_i', sync: true }] }, [], /those of a sync go with the contract/],
  ['a key to itself', { references: [{ constraint: 'boss', table: 'users' }] }, [], /references itself \(boss\)/],
  [
    'a large child',
    { referencedBy: [{ constraint: 'points', table: 'orders', rows: 5_000_000 }] },
    [],
    /orders \(5000000 rows\)/,
  ],
  ['a name', { name: 'us,ers' }, [], /cannot be given the name "us,ers"/],
  ['a unique key', {}, ['adds unique key'], /would leave out rows/],
  ['a new name', {}, ['renames column'], /lose the values of a renamed column/],
  ['the primary key', {}, ['changes primary key'], /follows rows by the key/],
  ['a constraint', {}, ['drops foreign key'], /other names/],
])('%s', (_, table, traits, why) => {
  expect(refusals(task(...traits), { ...TABLE, ...table })).toEqual([expect.stringMatching(why)])
})

test('foreign keys of the table, and those of small tables that point at it, are no reason', () => {
  const table = {
    ...TABLE,
    references: [{ constraint: 'f', table: 'countries' }],
    referencedBy: [{ constraint: 'points', table: 'child', rows: 100 }],
  }
  expect(refusals(task('adds foreign key', 'sets not null'), table)).toEqual([])
})

test.each([
  ['8.4.0', '3.2.1', false, 1],
  ['9.7.4-2', '3.6.0', false, 1],
  ['9.7.4-2', '3.7.1', true, 0],
  ['8.0.36', '3.2.1', false, 0],
  ['10.11.19-MariaDB-log', '3.2.1', false, 0],
  ['11.8.6-MariaDB', '3.2.1', false, 0],
])('%s with %s', (server, tool, knows, count) => {
  const problems = versionProblem(server, tool, knows)
  expect(problems).toHaveLength(count)
  if (count > 0) expect(problems[0]).toMatch(new RegExp(`${tool}.*${server}.*3\\.7\\.0`))
})

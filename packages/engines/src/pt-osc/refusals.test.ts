import type { EngineTable, EngineTask, TaskTrait } from '@phasegate/core'
import { expect, test } from 'vitest'
import { movedKeysProblem } from './foreign-keys.js'
import { KEYS_FIRST, NEW_WORDS } from './probe.js'
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

test('a server that is too new for the tool is refused, with both versions', () => {
  const [old, recent] = [
    { version: '3.2.1', features: new Set<string>() },
    { version: '3.7.1', features: new Set([NEW_WORDS]) },
  ]
  const server = { quirks: ['no old words'] as const, serverVersion: '9.7.4' }
  expect(versionProblem(server, old)).toEqual([expect.stringMatching(/3\.2\.1.*9\.7\.4.*3\.7\.0/)])
  expect(versionProblem(server, recent)).toEqual([])
  expect(versionProblem({ quirks: [], serverVersion: '8.0.36' }, old)).toEqual([])
})

test('a tool that moves foreign keys to its copy before it swaps takes no table at which some point', () => {
  const table = { name: 'users', referencedBy: [{ constraint: 'owner', table: 'orders', rows: 1 }] }
  const newer = { version: '3.7.1', features: new Set([KEYS_FIRST]) }
  expect(movedKeysProblem(table, newer)).toEqual([expect.stringContaining('owner of orders')])
  expect(movedKeysProblem({ ...table, referencedBy: [] }, newer)).toEqual([])
  expect(movedKeysProblem(table, { version: '3.2.1', features: new Set() })).toEqual([])
})

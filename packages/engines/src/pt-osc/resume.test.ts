import type { EngineTable } from '@phasegate/core'
import { expect, test } from 'vitest'
import type { Job } from '../engine.js'
import { HISTORY } from './probe.js'
import { keepsHistory } from './resume.js'

const KEY = { name: 'PRIMARY', columns: ['id'], primary: true, wholeNumbers: true }

function keeps(
  changed: {
    readonly table?: Partial<EngineTable>
    readonly alter?: string
    readonly extra?: readonly string[]
    readonly features?: readonly string[]
    readonly quirks?: readonly string[]
  } = {},
): boolean {
  const table = { schema: 'shop', name: 'users', rows: 10, keys: [KEY], referencedBy: [], ...changed.table }
  return keepsHistory({
    table,
    task: { alter: changed.alter ?? 'ADD a int' },
    target: { quirks: changed.quirks ?? [], readNotes: () => {}, deleteAbove: () => {} },
    tool: { features: new Set(changed.features ?? [HISTORY]) },
    settings: { arguments: changed.extra ?? [] },
  } as unknown as Job)
}

test('a key of one whole number, and a tool that can', () => {
  expect(keeps()).toBe(true)
  expect(keeps({ alter: '', extra: ['--chunk-size=10', '--sleep=1'], quirks: ['explain format'] })).toBe(true)
})

test.each<readonly [string, Parameters<typeof keeps>[0]]>([
  ['an old tool, or no JSON', { features: [] }],
  ['a key of text', { table: { keys: [{ ...KEY, wholeNumbers: false }] } }],
  ['a key of two columns', { table: { keys: [{ ...KEY, columns: ['a', 'b'] }] } }],
  ['a unique key alone', { table: { keys: [{ ...KEY, primary: false }] } }],
  ['it swaps by itself', { table: { referencedBy: [{ constraint: 'c', table: 'orders', rows: 1 }] } }],
  ['more than ASCII', { alter: "ADD a int COMMENT 'größer'" }],
  ['too long', { alter: `ADD a int COMMENT '${'x'.repeat(15_000)}'` }],
  ['an index of choice', { extra: ['--chunk-index=email'] }],
  ['a part of it', { extra: ['--chunk-index-columns=1'] }],
  ['MariaDB', { quirks: ['defaults spelled out'] }],
])('no notes: %s', (_, changed) => {
  expect(keeps(changed)).toBe(false)
})

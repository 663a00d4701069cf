import type { SyncColumn, SyncPlan } from '@phasegate/core'
import { expect, test } from 'vitest'
import { parseStatements } from '../parse/parse-statements.js'
import { compileSync } from './compile-sync.js'
import { readersFirst } from './sync-triggers.js'

const inUse = { hasTable: () => false }

function column(name: string, expression: string, ...reads: readonly string[]): SyncColumn {
  return { column: name, expression, reads }
}

function plan(part: Partial<SyncPlan> = {}): SyncPlan {
  return {
    table: { schema: 'app', name: 'order' },
    forward: [column('total', 'net + tax', 'net', 'tax')],
    backward: [],
    name: 'phasegate_sync_order_12345678',
    ...part,
  }
}

test('looks at the expressions, then makes one trigger an event, each with a probe of its own', () => {
  const { create, drop } = compileSync(plan(), inUse)
  expect(create.map(({ text }) => text.split('\n')[0])).toEqual([
    'EXPLAIN UPDATE app.`order` SET total = (net + tax)',
    'CREATE TRIGGER app.phasegate_sync_order_12345678_i BEFORE INSERT ON app.`order`',
    'CREATE TRIGGER app.phasegate_sync_order_12345678_u BEFORE UPDATE ON app.`order`',
  ])
  expect(create.map(({ execution }) => execution?.mode)).toEqual(['transaction', 'alone', 'alone'])
  expect(create[0]?.facts?.lock.blocks).toBe('nothing')
  expect(create[1]?.execution?.probe).toContain("TRIGGER_NAME = 'phasegate_sync_order_12345678_i'")
  expect(create[2]?.execution?.probe).toContain("TRIGGER_SCHEMA = 'app'")
  expect(drop.map(({ text }) => text)).toEqual([
    'DROP TRIGGER IF EXISTS app.phasegate_sync_order_12345678_i',
    'DROP TRIGGER IF EXISTS app.phasegate_sync_order_12345678_u',
  ])
})

test('gives statements that our own parser reads as one trigger each', () => {
  for (const { text } of compileSync(plan({ backward: [column('net', 'total - tax', 'total', 'tax')] }), inUse)
    .create) {
    const statements = parseStatements(text, 'm.ts')
    expect(statements).toHaveLength(1)
    expect(statements[0]?.text).toBe(text)
  }
})

test('asks whether the stored value differs only where something could go backward', () => {
  const oneWay = compileSync(plan(), inUse).create[2]!.text
  const bothWays = compileSync(plan({ backward: [column('net', 'total', 'total')] }), inUse).create[2]!.text
  expect(oneWay).not.toContain('WITH RECURSIVE')
  expect(bothWays.match(/WITH RECURSIVE/g)).toHaveLength(1)
})

test('names no variable like a column', () => {
  const { text } = compileSync(plan({ forward: [column('x', 'Phasegate_old_0', 'Phasegate_old_0')] }), inUse).create[2]!
  expect(text).toContain('DECLARE phasegate__old_0 ')
})

test('assigns a backward that reads what another one writes before that one', () => {
  const a = column('a', 'n - b', 'n', 'B')
  const b = column('b', 'n - c', 'n', 'c')
  const c = column('c', 'n', 'n')
  expect(readersFirst([c, b, a])).toEqual([a, b, c])
})

test('refuses MATCH, which no row of a trigger has an index for', () => {
  const forward = [column('total', "MATCH (net) AGAINST ('x')", 'net')]
  expect(() => compileSync(plan({ forward }), inUse)).toThrow(expect.objectContaining({ code: 'SYNC.EXPRESSION' }))
  expect(() => compileSync(plan({ forward: [column('total', '`match` + 1', 'match')] }), inUse)).not.toThrow()
})

test('refuses backward expressions that read each other', () => {
  const backward = [column('net', 'total - tax', 'total', 'tax'), column('tax', 'total - net', 'total', 'net')]
  expect(() => compileSync(plan({ backward }), inUse)).toThrow(expect.objectContaining({ code: 'SYNC.EXPRESSION' }))
})

import { ops, sql } from '@phasegate/core'
import { beforeAll, expect, test } from 'vitest'
import { loadParser } from '../parse/parser.js'
import { addColumn } from './add-column.js'

const context = { file: 'm.ts', isNewTable: () => false }
const onNewTable = { file: 'm.ts', isNewTable: () => true }

beforeAll(loadParser)

test('adds a column, with a default that the catalog can hold', () => {
  const compile = (operation: ReturnType<typeof ops.addColumn>): readonly string[] =>
    addColumn.compile(operation, context)
  expect(compile(ops.addColumn('users', 'email_verified', 'boolean'))).toEqual([
    'ALTER TABLE users ADD COLUMN email_verified boolean',
  ])
  expect(compile(ops.addColumn('users', 'plan', 'varchar(20)', { default: 'free', notNull: true }))).toEqual([
    "ALTER TABLE users ADD COLUMN plan varchar(20) DEFAULT 'free' NOT NULL",
  ])
  expect(compile(ops.addColumn('users', 'at', 'timestamptz', { default: sql`now()` }))).toEqual([
    'ALTER TABLE users ADD COLUMN at timestamptz DEFAULT now()',
  ])
})

test('says what was written and how it is undone', () => {
  const operation = ops.addColumn('users', 'plan', 'text', { default: 'free', notNull: true })
  expect(addColumn.describe(operation)).toBe("ops.addColumn(users, plan, text, default 'free', not null)")
  expect(addColumn.revert(operation)).toEqual({ statements: ['ALTER TABLE users DROP COLUMN IF EXISTS plan'] })
})

test.each([
  ['a volatile default', ops.addColumn('users', 'token', 'uuid', { default: sql`gen_random_uuid()` })],
  ['NOT NULL without a default', ops.addColumn('users', 'plan', 'text', { notNull: true })],
  ['NOT NULL with a NULL default', ops.addColumn('users', 'plan', 'text', { notNull: true, default: null })],
  ['a serial', ops.addColumn('users', 'number', 'bigserial')],
])('refuses %s on a table in use, with the recipe, and allows it on a new one', (_, operation) => {
  expect(() => addColumn.compile(operation, context)).toThrow(expect.objectContaining({ code: 'OPERATION.UNSAFE' }))
  expect(addColumn.compile(operation, onNewTable)).toHaveLength(1)
})

test('names the three parts of the recipe for a volatile default', () => {
  const operation = ops.addColumn('users', 'token', 'uuid', { default: sql`gen_random_uuid()` })
  expect(() => addColumn.compile(operation, context)).toThrow(
    expect.objectContaining({
      next: [
        "In expand: ops.addColumn('users', 'token', 'uuid')",
        "In expand: ops.setDefault('users', 'token', sql`gen_random_uuid()`)",
        'In backfill: set: { token: sql`gen_random_uuid()` }, where: sql`token IS NULL`',
      ],
    }),
  )
})

test.each([
  'boolean NOT NULL',
  'text UNIQUE',
  'int; DROP TABLE users',
  'int, ADD COLUMN d int',
  'text DEFAULT 1',
  ' ',
  7,
])('refuses %j as a type', (type) => {
  expect(() => addColumn.compile(ops.addColumn('users', 'c', type as string), onNewTable)).toThrow(
    expect.objectContaining({ name: 'PhasegateError' }),
  )
})

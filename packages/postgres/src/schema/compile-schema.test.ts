import { sql } from '@phasegate/core'
import { createSchema, schemaCallsOf } from '@phasegate/core/compile'
import type { Knex } from 'knex'
import { knex } from 'knex'
import { beforeAll, describe, expect, test } from 'vitest'
import { compileForeignBuilder, compileSchemaCalls, loadKnex } from './compile-schema.js'

beforeAll(loadKnex)

const schema = createSchema({ compileCalls: compileSchemaCalls })

/** knex takes bindings here, and its types do not say so. */
function withRaw(builder: Pick<Knex.SchemaBuilder, 'raw'>, text: string, bindings: unknown[]): Knex.SchemaBuilder {
  return (builder.raw as (text: string, bindings: unknown[]) => Knex.SchemaBuilder)(text, bindings)
}

function compile(builder: Knex.SchemaBuilder): unknown {
  return builder.toSQL()
}

describe('a builder', () => {
  test('gives the statements of knex, values written out', () => {
    const builder = schema.withSchema('app').createTable('users', (t) => {
      t.string('name').notNullable().defaultTo("why? it's")
      t.check('?? > 0', ['age'])
      t.comment('who ? knows')
    })
    expect(compile(withRaw(builder, 'ALTER TABLE ?? ADD age int DEFAULT ?', ['users', -5]))).toEqual([
      `create table "app"."users" ("name" varchar(255) not null default 'why? it''s', check ("age" > 0))`,
      `comment on table "app"."users" is 'who ? knows'`,
      'ALTER TABLE "users" ADD age int DEFAULT (-5)',
    ])
  })

  test('is fresh with each call on schema, and one through a chain', () => {
    const one = schema.dropTable('a')
    const two = schema.dropTable('b')
    expect(one).not.toBe(two)
    expect(one.dropTable('c')).toBe(one)
    expect(compile(one)).toEqual(['drop table "a"', 'drop table "c"'])
    expect(compile(two)).toEqual(['drop table "b"'])
  })

  test('compiles to the same each time', () => {
    const builder = schema.alterTable('users', (t) => void t.text('a').index())
    expect(compile(builder)).toEqual(compile(builder))
  })

  test('is no promise and reaches no database', async () => {
    const builder = schema.dropTable('users')
    expect(await Promise.resolve(builder)).toBe(builder)
    expect(schemaCallsOf(builder)).toEqual([{ method: 'dropTable', args: ['users'] }])
  })

  test('takes an sql`…` default as SQL, not as JSON', () => {
    const builder = schema.createTable('a', (t) => void t.timestamp('at').defaultTo(sql`now()` as unknown as string))
    expect(compile(builder)).toEqual(['create table "a" ("at" timestamptz default now())'])
  })
})

describe('a builder is refused for', () => {
  test.each(['hasTable', 'hasColumn', 'transacting', 'connection'])('%s, on schema and in a chain', (method) => {
    const code = { code: 'SCHEMA.METHOD' }
    const callable = (target: unknown): (() => unknown) => (target as Record<string, () => unknown>)[method]!
    expect(() => callable(schema)).toThrow(expect.objectContaining(code))
    expect(() => callable(schema.dropTable('a'))).toThrow(expect.objectContaining(code))
  })

  test('.alter(), wherever it stands', () => {
    const build = (t: Knex.AlterTableBuilder): void => {
      t.text('fine')
      t.string('b').notNullable().alter()
    }
    for (const builder of [schema.alterTable('a', build), schema.withSchema('s').dropTable('z').table('a', build)]) {
      expect(() => compile(builder)).toThrow(expect.objectContaining({ code: 'SCHEMA.ALTER' }))
    }
  })

  test.each([
    ['a ? without a value', schema.raw('SELECT ?')],
    ['a ?? without a name', schema.raw('ALTER TABLE ?? ADD a int')],
    ['a check without its name', schema.createTable('a', (t) => void t.check('?? > 0'))],
  ])('%s', (_, builder) => {
    expect(() => compile(builder)).toThrow(expect.objectContaining({ code: 'SCHEMA.BINDINGS' }))
  })

  test('a value that is no SQL value', () => {
    expect(() => compile(withRaw(schema, 'SELECT ?', [{ a: 1 }]))).toThrow(
      expect.objectContaining({ code: 'SQL.VALUE' }),
    )
  })

  test('a mistake that knex finds', () => {
    expect(() => compile(schema.createTable('a', undefined as never))).toThrow(
      expect.objectContaining({ code: 'SCHEMA.BUILDER' }),
    )
  })
})

test('a builder of another PostgreSQL knex instance is compiled too, and guarded alike', () => {
  const own = knex({ client: 'pg' })
  expect(compileForeignBuilder(own.schema.dropTable('a'))).toEqual(['drop table "a"'])
  expect(() => compileForeignBuilder(own.schema.alterTable('a', (t) => void t.text('b').alter()))).toThrow(
    expect.objectContaining({ code: 'SCHEMA.ALTER' }),
  )
  expect(() => compileForeignBuilder(own.schema.hasTable('a') as unknown as Knex.SchemaBuilder)).toThrow(
    expect.objectContaining({ code: 'SCHEMA.CALLBACK' }),
  )
})

import { sql } from '@phasegate/core'
import type { Knex } from 'knex'
import { knex } from 'knex'
import { beforeAll, describe, expect, test } from 'vitest'
import { compileForeignBuilder, compileSchemaCalls, loadKnex } from './compile-schema.js'

beforeAll(loadKnex)

type Build = (table: Knex.CreateTableBuilder) => void

function createTable(build: Build): readonly string[] {
  return compileSchemaCalls([{ method: 'createTable', args: ['a', build] }])
}

describe('a builder', () => {
  test('gives the statements of knex, values written out', () => {
    const build: Build = (t) => {
      t.string('name').notNullable().defaultTo("why? it's").comment("it's ? a name")
      t.enum('mood', ["it's ok", 'sad?'])
      t.check('?? > 0', ['age'])
      t.comment("who's ? knows")
    }
    expect(
      compileSchemaCalls([
        { method: 'withSchema', args: ['app'] },
        { method: 'createTable', args: ['users', build] },
        { method: 'raw', args: ['ALTER TABLE ?? ADD age int DEFAULT ?', ['users', -5]] },
      ]),
    ).toEqual([
      "create table `app`.`users` (`name` varchar(255) not null default 'why? it''s' comment 'it''s ? a name', " +
        "`mood` enum('it''s ok', 'sad?'), check (`age` > 0)) comment = 'who''s ? knows'",
      'ALTER TABLE `users` ADD age int DEFAULT -5',
    ])
  })

  test.each<[string, Build, string]>([
    ['a backslash', (t) => t.string('c').defaultTo('a\\b'), "`c` varchar(255) default _utf8mb4 X'615c62'"],
    ['true', (t) => t.boolean('c').defaultTo(true), '`c` boolean default TRUE'],
    ["'false'", (t) => t.boolean('c').defaultTo('false'), '`c` boolean default FALSE'],
    [
      'a date',
      (t) => t.datetime('c', { precision: 3 }).defaultTo(new Date(5) as unknown as string),
      "`c` datetime(3) default '1970-01-01 00:00:00.005'",
    ],
    [
      'now',
      (t) => t.timestamp('c').defaultTo(knex({ client: 'mysql2' }).fn.now()),
      '`c` timestamp default CURRENT_TIMESTAMP',
    ],
    ['null', (t) => t.integer('c').nullable().defaultTo(null), '`c` int null'],
    ['JSON', (t) => t.json('c').defaultTo({ a: "it's" } as unknown as string), `\`c\` json default ('{"a":"it''s"}')`],
    [
      'an sql`…`',
      (t) => t.string('c').defaultTo(sql`lower(${'A'})` as unknown as string),
      "`c` varchar(255) default (lower('A'))",
    ],
  ])('writes %s as the default that it is', (_, build, column) => {
    expect(createTable(build)).toEqual([`create table \`a\` (${column})`])
  })

  test('compiles to the same each time', () => {
    const calls = [
      {
        method: 'alterTable',
        args: ['users', (t: Knex.AlterTableBuilder) => void t.string('a').index().comment("it's")],
      },
    ]
    expect(compileSchemaCalls(calls)).toEqual(compileSchemaCalls(calls))
  })
})

describe('a builder is refused for', () => {
  const refused = (code: string): unknown => expect.objectContaining({ code })
  const alter = (build: (t: Knex.AlterTableBuilder) => void): (() => unknown) => {
    return () => compileSchemaCalls([{ method: 'alterTable', args: ['a', build] }])
  }

  test('.alter()', () => {
    expect(alter((t) => void t.string('b').notNullable().alter())).toThrow(refused('SCHEMA.ALTER'))
  })

  test.each<[string, (t: Knex.AlterTableBuilder) => void]>([
    ['renameColumn', (t) => void t.renameColumn('a', 'b')],
    ['setNullable', (t) => void t.setNullable('a')],
    ['dropNullable', (t) => void t.dropNullable('a')],
  ])('%s, which would read the database', (_, build) => {
    expect(alter(build)).toThrow(refused('SCHEMA.CALLBACK'))
  })

  test.each<[string, Build]>([
    ['a default that knex would leave out', (t) => t.text('b').defaultTo('x')],
    ['a comment with a backslash', (t) => t.string('b').comment('C:\\temp')],
    ['a table comment with a backslash', (t) => t.comment('C:\\temp')],
    ['an ENUM value with a backslash', (t) => t.enum('b', ['a\\'])],
    ['a mistake that knex finds', undefined as unknown as Build],
  ])('%s', (_, build) => {
    expect(() => createTable(build)).toThrow(refused('SCHEMA.BUILDER'))
  })

  test.each([
    ['a ? without a value', { method: 'raw', args: ['SELECT ?'] }],
    ['a ?? without a name', { method: 'raw', args: ['ALTER TABLE ?? ADD a int'] }],
  ])('%s', (_, call) => {
    expect(() => compileSchemaCalls([call])).toThrow(refused('SCHEMA.BINDINGS'))
  })

  test('a value that is no SQL value', () => {
    expect(() => compileSchemaCalls([{ method: 'raw', args: ['SELECT ?', [{ a: 1 }]] }])).toThrow(refused('SQL.VALUE'))
  })
})

test('a builder of another MySQL knex instance is compiled too, and guarded alike', () => {
  const own = knex({ client: 'mysql2' })
  expect(compileForeignBuilder(own.schema.dropTable('a'))).toEqual(['drop table `a`'])
  expect(() => compileForeignBuilder(own.schema.alterTable('a', (t) => void t.text('b').alter()))).toThrow(
    expect.objectContaining({ code: 'SCHEMA.ALTER' }),
  )
})

test('a builder of another database is refused', () => {
  const foreign = knex({ client: 'pg' }).schema.dropTable('a')
  expect(() => compileForeignBuilder(foreign)).toThrow(expect.objectContaining({ code: 'SCHEMA.BUILDER' }))
})

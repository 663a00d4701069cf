import { type MigrationDefinition, ops, sql } from '@phasegate/core'
import { describe, expect, test } from 'vitest'
import { compileDefinition, compileText, revertSteps, statements } from './compile-fixtures.test.support.js'

async function revertOf(expand: MigrationDefinition['expand']): Promise<readonly string[]> {
  return statements(revertSteps(await compileDefinition({ ...(expand && { expand }) })))
}

describe('a derived revert', () => {
  test('undoes operations, the last one first', async () => {
    const reverted = await revertOf(() => [
      ops.addColumn('users', 'plan', 'text'),
      ops.createIndex('users', ['name']),
      ops.addForeignKey('users', ['team'], { table: 'teams', columns: ['id'] }),
      ops.setNotNull('users', 'team'),
    ])
    expect(reverted).toEqual([
      'ALTER TABLE users DROP CONSTRAINT IF EXISTS users_team_not_null_proof',
      'ALTER TABLE users ALTER COLUMN team DROP NOT NULL',
      'ALTER TABLE users DROP CONSTRAINT IF EXISTS users_team_fkey',
      'DROP INDEX CONCURRENTLY IF EXISTS users_name_idx',
      'ALTER TABLE users DROP COLUMN IF EXISTS plan',
    ])
  })

  test('needs nothing for what goes with a table or column that the expand created', async () => {
    const reverted = await revertOf(({ schema }) => [
      schema.createTable('posts', (t) => {
        t.increments('id')
        t.integer('author').references('id').inTable('users')
        t.text('slug').index()
      }),
      ops.setDefault('posts', 'slug', 'x'),
      ops.dropColumn('posts', 'slug'),
      ops.addColumn('users', 'plan', 'text'),
      ops.setDefault('users', 'plan', 'free'),
      ops.addCheck('users', sql`plan <> ''`),
    ])
    expect(reverted).toEqual(['ALTER TABLE users DROP COLUMN IF EXISTS plan', 'DROP TABLE IF EXISTS posts'])
  })

  test('is found for raw SQL too', async () => {
    const compiled = await compileText(`-- phase: expand
      CREATE SCHEMA billing;
      CREATE TYPE mood AS ENUM ('ok');
      ALTER TABLE app.users ADD a int, ADD b int DEFAULT 1;
      CREATE VIEW v AS SELECT 1;
      CREATE SEQUENCE s;
      CREATE UNIQUE INDEX u ON app.users (name DESC);`)
    expect(statements(revertSteps(compiled))).toEqual([
      'DROP INDEX CONCURRENTLY IF EXISTS app.u',
      'DROP SEQUENCE IF EXISTS s',
      'DROP VIEW IF EXISTS v',
      'ALTER TABLE app.users DROP COLUMN IF EXISTS b',
      'ALTER TABLE app.users DROP COLUMN IF EXISTS a',
      'DROP TYPE IF EXISTS mood',
      'DROP SCHEMA IF EXISTS billing',
    ])
  })

  test('names the steps that it undoes and the data that is lost', async () => {
    const compiled = await compileDefinition({
      expand: () => [ops.addColumn('users', 'plan', 'text'), ops.addUnique('users', ['email'])],
    })
    expect(revertSteps(compiled).map(({ undoes, destroys }) => ({ undoes, destroys }))).toEqual([
      { undoes: [1, 2], destroys: [] },
      { undoes: [1, 2], destroys: [] },
      { undoes: [0], destroys: ['users.plan'] },
    ])
  })

  test('of a key drops the constraint, and its index with it', async () => {
    const compiled = await compileText('-- phase: expand\nALTER TABLE users ADD PRIMARY KEY (id);')
    expect(statements(revertSteps(compiled))).toEqual(['ALTER TABLE users DROP CONSTRAINT IF EXISTS users_pkey'])
  })

  test('of a schema names what it holds by that schema', async () => {
    const compiled = await compileText('-- phase: expand\nCREATE SCHEMA s CREATE TABLE users (id int);')
    expect(statements(revertSteps(compiled))).toEqual(['DROP TABLE IF EXISTS s.users', 'DROP SCHEMA IF EXISTS s'])
  })

  test('of a concurrent index runs outside of a transaction, with its probe', async () => {
    const compiled = await compileDefinition({ expand: () => [ops.createIndex('users', ['name'])] })
    expect(revertSteps(compiled)[0]?.execution).toEqual({
      mode: 'alone',
      timeouts: 'watched',
      probe: "SELECT CASE WHEN pg_catalog.to_regclass('users_name_idx') IS NULL THEN 'done' ELSE 'absent' END",
      adopts: true,
    })
  })

  test.each<[string, MigrationDefinition, RegExp]>([
    ['a default', { expand: () => [ops.setDefault('users', 'plan', 1)] }, /default that users\.plan had/],
    ['a dropped index', { expand: () => [ops.dropIndex('i')] }, /definition of index i/],
    ['an enum value', { expand: () => [ops.addEnumValue('mood', 'ok')] }, /cannot take the value 'ok'/],
    ['a function', { expand: () => [ops.run('1', async () => {})] }, /not known/],
    ['raw SQL', { expand: () => [sql`ALTER TABLE users RENAME a TO b`] }, /rename/],
    [
      'a column that was renamed since',
      { expand: () => [ops.addColumn('users', 'a', 'int'), sql`ALTER TABLE users RENAME COLUMN a TO b`] },
      /rename column/,
    ],
    ['a grant', { expand: () => [sql`GRANT SELECT ON users TO app`] }, /not in the file/],
    ['a contract alone', { appUses: 'new', contract: () => [ops.dropTable('old')] }, /no expand/],
    [
      'a backfill of a column that was there before',
      {
        appUses: 'both',
        expand: () => [ops.addColumn('users', 'plan', 'text')],
        backfill: { table: 'users', set: { email: sql`lower(email)` }, where: sql`email <> lower(email)` },
      },
      /users\.email, which was there before/,
    ],
  ])('does not exist for %s, and says why', async (_, definition, reason) => {
    const { revert } = await compileDefinition(definition)
    expect(revert).toEqual({ possible: false, reason: expect.stringMatching(reason) })
  })
})

describe('a written revert', () => {
  test('is taken from TypeScript and from SQL', async () => {
    const written = await compileDefinition({
      expand: () => [ops.setDefault('users', 'plan', 'new')],
      revert: () => [ops.setDefault('users', 'plan', 'old')],
    })
    expect(statements(revertSteps(written))).toEqual(["ALTER TABLE users ALTER COLUMN plan SET DEFAULT 'old'"])
    const text = await compileText(`-- phase: expand
      ALTER TABLE users ALTER plan SET DEFAULT 'new';
      -- phase: revert
      ALTER TABLE users ALTER plan SET DEFAULT 'old';`)
    expect(statements(revertSteps(text))).toEqual(["ALTER TABLE users ALTER plan SET DEFAULT 'old'"])
  })

  test('may be empty', async () => {
    const compiled = await compileDefinition({ expand: () => [ops.addEnumValue('mood', 'ok')], revert: () => [] })
    expect(compiled.revert).toEqual({ possible: true, steps: [] })
  })
})

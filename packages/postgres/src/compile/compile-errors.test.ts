import { defineMigration, type MigrationDefinition, ops, sql } from '@phasegate/core'
import { knex } from 'knex'
import { describe, expect, test } from 'vitest'
import { compileDefinition, compileText } from './compile-fixtures.test.support.js'

/** What a person may write in JavaScript, where no types keep it out. */
type Anything = Readonly<Record<string, unknown>>

const drop = { appUses: 'new', contract: () => [ops.dropColumn('users', 'old')] }
const add = () => [ops.addColumn('users', 'a', 'int')]
const fill = { table: 'users', set: { a: sql`b` } }
const copy = {
  from: 'users',
  into: 'profiles',
  select: { user_id: sql`id`, at: sql`created` },
  onConflict: { columns: ['user_id'], do: 'update' },
  dualWrite: true,
}
const map = { table: 'users', select: ['id'], map: () => [], set: ['a'], version: '1', deterministic: true }
const remove = { table: 'users', delete: true, where: sql`a IS NULL` }

const DEFINITIONS: readonly [code: string, what: string, definition: Anything, says: RegExp][] = [
  ['MIGRATION.OPTION', 'an unknown option', { expnad: add }, /Did you mean 'expand'/],
  ['MIGRATION.OPTION', 'an option like no other', { expand: add, zzzzzzzz: 1 }, /The options are appUses/],
  ['MIGRATION.NO_PHASE', 'no phase', {}, /has no phase/],
  ['MIGRATION.NO_PHASE', 'a revert alone', { revert: () => [] }, /has no phase/],
  ['MIGRATION.EMPTY', 'an untouched template', { expand: () => [], contract: () => [], appUses: 'old' }, /addColumn/],
  ['MIGRATION.TYPE', 'a list instead of a function', { expand: add() }, /expand is a list, not a function/],
  ['MIGRATION.LIST', 'a promise instead of a list', { expand: async () => [] }, /returned a promise/],
  ['MIGRATION.LIST', 'a function that returns nothing', { expand: () => undefined }, /returned undefined/],
  ['MIGRATION.LIST', 'an operation instead of a list', { expand: () => add()[0] }, /returned an object/],
  ['MIGRATION.LIST', 'a builder instead of a list', { expand: builder((s) => s.dropTable!('a')) }, /a schema builder/],
  [
    'MIGRATION.STATEMENT',
    'a string in the list',
    { expand: () => ['DROP TABLE a'] },
    /expand, statement 1 is a string/,
  ],
  [
    'MIGRATION.STATEMENT',
    'a hole in the list',
    { expand: () => [...add(), undefined, ...add()] },
    /statement 2 is undefined/,
  ],
  ['MIGRATION.STATEMENT', 'a promise in the list', { expand: () => [Promise.resolve()] }, /is a promise/],
  ['MIGRATION.STATEMENT', 'a function without a version', { expand: () => [ops.run('', async () => {})] }, /version/],
  ['MIGRATION.THREW', 'a phase that throws', { expand: () => fail('no good') }, /no good/],
  [
    'MIGRATION.DUPLICATE_ALLOW',
    'an allow twice',
    { expand: () => [allowed(allowed(add()[0]))] },
    /A\.B is allowed twice/,
  ],
  ['MIGRATION.TYPE', 'an allow without a reason', { expand: () => [{ ...allowed(add()[0]), reason: 1 }] }, /reason/],
  ['MIGRATION.STATEMENTS', 'two statements in one', { expand: () => [sql`SELECT 1; SELECT 2`] }, /2 statements/],
  ['MIGRATION.EMPTY_STATEMENT', 'an empty statement', { expand: () => [sql`-- nothing`] }, /holds no statement/],
  ['SQL.SYNTAX', 'SQL that does not parse', { expand: () => [sql`ALTER TABEL a`] }, /expand, statement 1/],
  [
    'OPERATION.UNSUPPORTED',
    'an unknown operation',
    { expand: () => [{ kind: 'teleport' }] },
    /'teleport' is not known/,
  ],
  ['OPERATION.ARGUMENT', 'a table with a dot', { expand: () => [ops.dropTable('a.b')] }, /schema: 'a', table: 'b'/],
  [
    'OPERATION.UNSAFE',
    'a required column',
    { expand: () => [ops.addColumn('a', 'b', 'int', { notNull: true })] },
    /NOT NULL/,
  ],
  ['SQL.IDENTIFIER', 'a missing column', { expand: () => [ops.setNotNull('a', undefined as never)] }, /undefined/],
  [
    'MIGRATION.APP_USES',
    'a contract without appUses',
    { contract: drop.contract },
    /appUses is missing beside a contract/,
  ],
  ['MIGRATION.APP_USES', 'a backfill without appUses', { expand: add, backfill: fill }, /missing beside a backfill/],
  ['MIGRATION.APP_USES', 'an unknown appUses', { ...drop, appUses: 'bot' }, /Did you mean 'both'/],
  ['MIGRATION.APP_USES', 'an unknown appUses of one', { ...drop, appUses: { api: 7 } }, /appUses of api is 7/],
  ['MIGRATION.APP_USES', 'appUses of nobody', { ...drop, appUses: {} }, /names no application/],
  ['MIGRATION.APPLICATIONS', 'one name for applications', { ...drop, applications: 'api' }, /not a list/],
  ['MIGRATION.APPLICATIONS', 'an application twice', { ...drop, applications: ['a', 'a'] }, /distinct/],
  ['MIGRATION.GATES', 'gates of an unknown phase', { ...drop, gates: { swap: [] } }, /no phase 'swap'/],
  ['MIGRATION.GATES', 'a gate that is none', { ...drop, gates: { contract: ['soak'] } }, /not a list of gates/],
  ['SCHEMA.METHOD', 'a question to the database', { expand: builder((s) => s.hasTable!('a')) }, /hasTable/],
  ['SCHEMA.ALTER', '.alter()', { expand: list((s) => s.alterTable('a', (t: Table) => t.string('b').alter())) }, /a\.b/],
  [
    'SCHEMA.BINDINGS',
    'a ? without a value',
    { expand: list((s) => s.raw('ALTER TABLE a ADD b int DEFAULT ?')) },
    /no value/,
  ],
  ['SCHEMA.BUILDER', 'a knex query', { expand: () => [knex({ client: 'pg' })('users').select()] }, /query or raw/],
  ['SCHEMA.BUILDER', 'a builder for MySQL', { expand: () => [mysqlBuilder()] }, /for mysql/],
  [
    'SCHEMA.CALLBACK',
    'a builder that reads',
    { expand: () => [knex({ client: 'pg' }).schema.hasTable('a')] },
    /no plan/,
  ],
  ['BACKFILL.FORM', 'an option that comes later', { ...drop, backfill: { ...fill, verify: true } }, /not available/],
  ['BACKFILL.SHAPE', 'an onError that is none', { ...drop, backfill: { ...fill, onError: 'skip' } }, /'quarantine'/],
  [
    'BACKFILL.SHAPE',
    'a quarantine for more rows than a person can look at',
    { ...drop, backfill: { ...fill, onError: { quarantine: { limit: 501 } } } },
    /500/,
  ],
  ['BACKFILL.SHAPE', 'a window that is none', { ...drop, backfill: { ...fill, only: 'at night' } }, /22:00-06:00/],
  [
    'BACKFILL.SHAPE',
    'a limit that is none',
    { ...drop, backfill: { ...fill, throttle: { replicaLag: { soft: 'x' } } } },
    /throttle\.replicaLag\.soft/,
  ],
  ['BACKFILL.FORM', 'two forms at once', { ...drop, backfill: { ...fill, delete: true } }, /'?set belongs to another/],
  ['BACKFILL.FORM', 'once beside delete', { ...drop, backfill: { ...remove, once: true } }, /once by nature/],
  ['BACKFILL.SHAPE', 'delete of everything', { ...drop, backfill: { table: 'a', delete: true } }, /has no where/],
  ['BACKFILL.SHAPE', 'delete that is not true', { ...drop, backfill: { ...remove, delete: 'yes' } }, /delete: true/],
  [
    'BACKFILL.DUAL_WRITE',
    'another table without a word',
    { ...drop, backfill: { ...copy, dualWrite: undefined } },
    /no sync spans/,
  ],
  [
    'BACKFILL.DUAL_WRITE',
    'another table with no',
    { ...drop, backfill: { ...copy, dualWrite: false } },
    /dualWrite: true/,
  ],
  ['BACKFILL.FORM', 'once beside another table', { ...drop, backfill: { ...copy, once: true } }, /onConflict/],
  [
    'BACKFILL.FORM',
    'table beside from',
    { ...drop, backfill: { ...copy, table: 'users' } },
    /table belongs to another/,
  ],
  ['BACKFILL.OPTION', 'an option that from does not have', { ...drop, backfill: { ...copy, form: 'a' } }, /'from'/],
  ['BACKFILL.SHAPE', 'a table into itself', { ...drop, backfill: { ...copy, into: 'users' } }, /that it reads from/],
  [
    'BACKFILL.SHAPE',
    'a select of values',
    { ...drop, backfill: { ...copy, select: { user_id: 1 } } },
    /over a row of from/,
  ],
  ['BACKFILL.SHAPE', 'no onConflict', { ...drop, backfill: { ...copy, onConflict: undefined } }, /onConflict is not/],
  [
    'BACKFILL.SHAPE',
    'onConflict of nothing',
    { ...drop, backfill: { ...copy, onConflict: { columns: [], do: 'update' } } },
    /list of column/,
  ],
  [
    'BACKFILL.SHAPE',
    'onConflict do what',
    { ...drop, backfill: { ...copy, onConflict: { columns: ['user_id'], do: 'upsert' } } },
    /neither/,
  ],
  [
    'BACKFILL.SHAPE',
    'onConflict of more',
    { ...drop, backfill: { ...copy, onConflict: { columns: ['user_id'], do: 'update', where: 1 } } },
    /'where'/,
  ],
  [
    'BACKFILL.SHAPE',
    'a conflict column without a value',
    { ...drop, backfill: { ...copy, onConflict: { columns: ['id'], do: 'update' } } },
    /does not fill/,
  ],
  ['OPERATION.ARGUMENT', 'into nowhere', { ...drop, backfill: { ...copy, into: undefined } }, /backfill.into: table/],
  [
    'BACKFILL.NOT_IDEMPOTENT',
    'a clock that is updated',
    { ...drop, backfill: { ...copy, select: { user_id: sql`id`, at: sql`now()` } } },
    /'nothing'/,
  ],
  [
    'BACKFILL.NOT_IDEMPOTENT',
    'a conflict column by chance',
    { ...drop, backfill: { ...copy, select: { user_id: sql`random()` } } },
    /is there already/,
  ],
  ['BACKFILL.SHAPE', 'map that is no function', { ...drop, backfill: { ...map, map: 'x' } }, /not a function/],
  ['BACKFILL.SHAPE', 'map without a version', { ...drop, backfill: { ...map, version: undefined } }, /no version/],
  ['BACKFILL.SHAPE', 'map that reads nothing', { ...drop, backfill: { ...map, select: [] } }, /select beside map/],
  ['BACKFILL.SHAPE', 'map that gives nothing', { ...drop, backfill: { ...map, set: undefined } }, /set beside map/],
  ['BACKFILL.SHAPE', 'map of expressions', { ...drop, backfill: { ...map, set: { a: sql`b` } } }, /set beside map/],
  ['BACKFILL.SHAPE', 'deterministic of text', { ...drop, backfill: { ...map, deterministic: 'yes' } }, /true or false/],
  ['SQL.IDENTIFIER', 'map over no name', { ...drop, backfill: { ...map, select: [''] } }, /empty/],
  ['BACKFILL.FORM', 'map into another table', { ...drop, backfill: { ...map, into: 'b' } }, /into belongs to another/],
  ['BACKFILL.FORM', 'map that reads what it sets', { ...drop, backfill: { ...map, set: ['id'] } }, /which it reads/],
  [
    'BACKFILL.NOT_IDEMPOTENT',
    'map by chance',
    { ...drop, backfill: { ...map, deterministic: false } },
    /deterministic: true/,
  ],
  [
    'BACKFILL.NOT_IDEMPOTENT',
    'map by chance under a where over other columns',
    { ...drop, backfill: { ...map, deterministic: false, where: sql`b` } },
    /once: true/,
  ],
  ['BACKFILL.OPTION', 'an unknown backfill option', { ...drop, backfill: { ...fill, wehre: sql`a` } }, /'where'/],
  ['BACKFILL.OPTION', 'an unknown batch option', { ...drop, backfill: { ...fill, batch: { sise: 1 } } }, /'size'/],
  ['BACKFILL.SHAPE', 'a batch of no rows', { ...drop, backfill: { ...fill, batch: { size: 0 } } }, /above 0/],
  ['BACKFILL.SHAPE', 'a backfill that sets nothing', { ...drop, backfill: { table: 'a', set: {} } }, /each column/],
  ['BACKFILL.SHAPE', 'a value instead of SQL', { ...drop, backfill: { table: 'a', set: { b: 1 } } }, /each column/],
  ['BACKFILL.SHAPE', 'a where of text', { ...drop, backfill: { ...fill, where: 'a IS NULL' } }, /where/],
  ['BACKFILL.SHAPE', 'once of text', { ...drop, backfill: { ...fill, once: 'yes' } }, /once/],
  ['OPERATION.ARGUMENT', 'a backfill without a table', { ...drop, backfill: { set: fill.set } }, /backfill: table/],
  [
    'BACKFILL.NOT_IDEMPOTENT',
    'a counter without once',
    { ...drop, backfill: { table: 'a', set: { n: sql`n + 1` } } },
    /once/,
  ],
  ['SYNC.SHAPE', 'sync without forward', { ...drop, sync: { table: 'a' } }, /forward wants/],
  ['SYNC.SHAPE', 'an unknown sync option', { ...drop, sync: { table: 'a', foward: {} } }, /'forward'/],
  ['SYNC.EXPRESSION', 'a forward of nothing', sync({ forward: { n: sql`1` } }), /reads no column/],
  ['SYNC.EXPRESSION', 'a forward by chance', sync({ forward: { n: sql`o + random()` } }), /another value each time/],
  ['SYNC.EXPRESSION', 'a forward of itself', sync({ forward: { n: sql`coalesce(n, o)` } }), /new column itself/],
  ['SYNC.EXPRESSION', 'a subquery', sync({ forward: { n: sql`(SELECT o FROM b LIMIT 1)` } }), /subquery/],
  ['SYNC.EXPRESSION', 'an idle backward', sync({ forward: { n: sql`o` }, backward: { o: sql`p` } }), /none of the new/],
  ['SYNC.SHAPE', 'a column on both sides', sync({ forward: { n: sql`o` }, backward: { n: sql`n` } }), /forward and of/],
  ['SYNC.SHAPE', 'a column in two syncs', { ...drop, sync: [one(), one()] }, /written by two syncs/],
]

describe('a TypeScript migration with', () => {
  test.each(DEFINITIONS)('%s: %s', async (code, _, definition, says) => {
    const failure = await compileDefinition(definition as MigrationDefinition).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(failure).toMatchObject({ name: 'PhasegateError', code, where: { file: 'test.ts' } })
    const { message, why, next } = failure as { message: string; why?: string; next: string[] }
    expect([message, why, ...next].join('\n')).toMatch(says)
    expect(next.length).toBeGreaterThan(0)
  })

  test.each([[undefined], [null], ['text'], [[]]])('the default export %j', async (definition) => {
    await expect(compileDefinition(defineMigration(definition as never))).rejects.toMatchObject({
      code: 'MIGRATION.DEFINITION',
    })
  })

  test('the same builder twice', async () => {
    const definition: MigrationDefinition = {
      expand: ({ schema }) => {
        const users = schema.alterTable('users', (t) => t.text('a'))
        return [users, users.raw('SELECT 1')]
      },
    }
    await expect(compileDefinition(definition)).rejects.toMatchObject({
      code: 'MIGRATION.TWICE',
      message: 'expand, statement 2 is the same object as expand, statement 1.',
    })
  })

  test('a default of a synced column', async () => {
    const definition = (expand: MigrationDefinition['expand']): MigrationDefinition => ({
      ...(expand && { expand }),
      sync: one(),
    })
    const code = { code: 'SYNC.DEFAULT' }
    for (const expand of [
      () => [ops.addColumn('a', 'n', 'int', { default: 0 })],
      () => [ops.addColumn('a', 'n', 'int'), ops.setDefault('a', 'n', 0)],
      () => [sql`ALTER TABLE a ADD n int GENERATED ALWAYS AS IDENTITY`],
      () => [sql`CREATE TABLE a (n int DEFAULT 1)`],
    ]) {
      await expect(compileDefinition(definition(expand))).rejects.toMatchObject(code)
    }
    await expect(compileDefinition(definition(() => [ops.addColumn('a', 'n', 'int')]))).resolves.toBeDefined()
  })

  test('a backfill that a backward would take for new values', async () => {
    const definition = (value: typeof fill.set.a, backward: boolean): MigrationDefinition => ({
      appUses: 'both',
      sync: { ...one(), ...(backward ? { backward: { o: sql`n` } } : {}) },
      backfill: { table: 'a', set: { n: value } },
    })
    await expect(compileDefinition(definition(sql`o + 1`, true))).rejects.toMatchObject({ code: 'SYNC.BACKFILL' })
    await expect(compileDefinition(definition(sql`o + 1`, false))).resolves.toBeDefined()
    await expect(compileDefinition(definition(sql`( o ) -- the same`, true))).resolves.toBeDefined()
  })
})

describe('an SQL migration with', () => {
  test.each([
    ['MIGRATION.EMPTY', 'no statement in any phase', '-- phase: expand\n\n-- phase: contract\n', undefined],
    ['MIGRATION.EMPTY', 'an empty backfill alone', '-- phase: backfill\n-- nothing yet\n', undefined],
    ['BACKFILL.STATEMENTS', 'two updates', '-- phase: backfill\nUPDATE a SET b = c;\nUPDATE a SET d = c;', 3],
    ['BACKFILL.NOT_IDEMPOTENT', 'a counter', '-- phase: backfill\n\nUPDATE a SET n = n + 1;', 3],
    ['BACKFILL.NOT_IDEMPOTENT', 'chance', '-- phase: backfill\nUPDATE a SET n = random() WHERE b;', 2],
    ['SQL.SYNTAX', 'an error', '-- phase: expand\nSELECT 1;\nALTER TABEL a;', 3],
    ['SYNC.TABLE', 'a sync of no table', '-- sync: forward a = (b)\n-- phase: contract\nDROP TABLE c;', 1],
    [
      'MIGRATION.DUPLICATE_ALLOW',
      'an allow twice',
      '-- phase: expand\n-- allow: A.B because x\n-- allow: A.B because y\nSELECT 1;',
      4,
    ],
  ])('%s: %s', async (code, _, text, line) => {
    await expect(compileText(text)).rejects.toMatchObject({
      code,
      where: { file: 'test.sql', ...(line === undefined ? {} : { line }) },
    })
  })
})

describe('a second constraint or index of one name', () => {
  test.each([
    ['ALTER TABLE t ADD CHECK (a > 0), ADD CHECK (a < 9);', 'constraint', 't_a_check'],
    ['ALTER TABLE t ADD UNIQUE (a);\nALTER TABLE t ADD UNIQUE (a);', 'index', 't_a_key'],
    ['CREATE INDEX ON t (a);\nCREATE INDEX ON t (a DESC);', 'index', 't_a_idx'],
  ])('is refused before the first one is made: %s', async (text, kind, name) => {
    await expect(compileText(`-- phase: contract\n${text}`)).rejects.toMatchObject({
      code: 'MIGRATION.DUPLICATE_NAME',
      message: expect.stringContaining(`makes a second ${kind} with the name ${name}.`),
      where: { file: 'test.sql', line: text.split('\n').length + 1 },
    })
  })

  test('is left to the server where that names it, and allowed where the first one is gone', async () => {
    await compileText('-- phase: expand\nCREATE TABLE t (a int); CREATE INDEX ON t (a); CREATE INDEX ON t (a);')
    await compileText(
      '-- phase: contract\nALTER TABLE t ADD CONSTRAINT c CHECK (a > 0); ALTER TABLE t DROP CONSTRAINT c; ALTER TABLE t ADD CONSTRAINT c CHECK (a > 1);',
    )
  })
})

interface Table {
  string(name: string): { alter(): unknown }
}
type Builder = Record<string, (...args: unknown[]) => unknown>

function builder(make: (schema: Builder) => unknown): (tools: { schema: Builder }) => unknown {
  return ({ schema }) => make(schema)
}

function list(
  make: (schema: {
    alterTable: (name: string, build: (t: Table) => unknown) => unknown
    raw: (text: string) => unknown
  }) => unknown,
) {
  return ({ schema }: { schema: never }) => [make(schema)]
}

function mysqlBuilder(): unknown {
  return knex({ client: 'mysql2' }).schema.dropTable('users')
}

function allowed(statement: unknown): Anything {
  return { kind: 'allow', rule: 'A.B', reason: 'known', statement }
}

function one(): NonNullable<Exclude<MigrationDefinition['sync'], readonly unknown[]>> {
  return { table: 'a', forward: { n: sql`o` } }
}

function sync(more: Anything): Anything {
  return { ...drop, sync: { table: 'a', ...more } }
}

function fail(message: string): never {
  throw new Error(message)
}

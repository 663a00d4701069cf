import { type MigrationDefinition, ops, type Phase, type SetBackfill, sql } from '@phasegate/core'
import { describe, expect, test } from 'vitest'
import { compileDefinition, compileText } from './compile-fixtures.test.support.js'

async function ofText(text: string, phase: Phase = 'expand'): Promise<string | undefined> {
  return (await compileText(text)).units[phase]?.fingerprint
}

async function of(definition: MigrationDefinition, phase: Phase = 'expand'): Promise<string | undefined> {
  return (await compileDefinition(definition)).units[phase]?.fingerprint
}

describe('the fingerprint of raw SQL', () => {
  const base = `-- phase: expand\nALTER TABLE users ADD COLUMN plan text DEFAULT 'free';`

  test.each([
    ['layout', `-- phase: expand\nALTER  TABLE users\n  ADD COLUMN plan text\n  DEFAULT 'free'  ;`],
    ['comments', `-- phase: expand\n-- why\nALTER TABLE users /* really */ ADD COLUMN plan text DEFAULT 'free'; -- so`],
    ['the case of keywords', `-- phase: expand\nalter table users add column plan text default 'free';`],
    ['appUses', `-- app-uses: both\n${base}`],
    ['an allow and its reason', base.replace('ALTER', '-- allow: A.B because of this\nALTER')],
    ['another phase', `${base}\n-- phase: contract\nDROP TABLE old;`],
  ])('does not change with %s', async (_, text) => {
    expect(await ofText(text)).toBe(await ofText(base))
  })

  test.each([
    ['a literal', base.replace('free', 'Free')],
    ['a blank in a literal', base.replace('free', 'fr ee')],
    ['what looks like a comment in a literal', base.replace('free', '-- free')],
    ['a name', base.replace('plan', 'plans')],
    ['another statement', `${base}\nSELECT 1;`],
    ['verbatim', base.replace('ALTER', '-- verbatim\nALTER')],
    ['a sync', `-- sync on users: forward plan = (tier)\n${base.replace(" DEFAULT 'free'", '')}`],
  ])('changes with %s', async (_, text) => {
    expect(await ofText(text)).not.toBe(await ofText(base))
  })

  test('is one known value, so that no release changes it by accident', async () => {
    expect(await ofText(base)).toBe('1:c29bca5d963e035a80d676c19fe7b8ad22993bc5')
  })
})

describe('the fingerprint of TypeScript', () => {
  const index = (text = 'deleted IS NULL', name = 'live'): MigrationDefinition => ({
    expand: () => [ops.createIndex('users', ['email'], { name, where: sql.raw(text) })],
  })

  test('goes by arguments, with SQL as in SQL', async () => {
    expect(await of(index('deleted   is /* still */ null'))).toBe(await of(index()))
    expect(await of(index('deleted IS NOT NULL'))).not.toBe(await of(index()))
    expect(await of(index('deleted IS NULL', 'all'))).not.toBe(await of(index()))
  })

  test('goes by what knex makes of builders', async () => {
    const table = (name: string): MigrationDefinition => ({
      expand: ({ schema }) => [schema.createTable('posts', (t) => void t.text(name))],
    })
    expect(await of(table('a'))).toBe(await of(table('a')))
    expect(await of(table('a'))).not.toBe(await of(table('b')))
    const operation = (name: string): MigrationDefinition => ({
      expand: () => [ops.createTable('posts', (t) => void t.text(name))],
    })
    expect(await of(operation('a'))).toBe(await of(operation('a')))
    expect(await of(operation('a'))).not.toBe(await of(operation('b')))
  })

  test('knows a function by its version', async () => {
    const run = (version: string, work: () => Promise<void>): MigrationDefinition => ({
      expand: () => [ops.run(version, work)],
    })
    expect(await of(run('1', async () => {}))).toBe(await of(run('1', async () => Promise.resolve())))
    expect(await of(run('1', async () => {}))).not.toBe(await of(run('2', async () => {})))
  })

  test('does not change with appUses or the reason of an allow', async () => {
    const migration = (appUses: 'old' | 'new', reason: string): MigrationDefinition => ({
      appUses,
      expand: () => [{ kind: 'allow', rule: 'A.B', reason, statement: ops.addColumn('users', 'a', 'int') }],
    })
    expect(await of(migration('old', 'x'))).toBe(await of(migration('new', 'y')))
  })
})

describe('the fingerprint of a backfill', () => {
  const fill = (more: Partial<SetBackfill> = {}): MigrationDefinition => ({
    appUses: 'both',
    backfill: { table: 'users', set: { a: sql`b`, c: sql`d` }, where: sql`a IS NULL`, ...more },
  })

  test('does not change with its pace or the order of columns', async () => {
    const base = await of(fill(), 'backfill')
    expect(await of(fill({ batch: { size: 10, time: 20 } }), 'backfill')).toBe(base)
    expect(await of(fill({ set: { c: sql`d`, a: sql`b` } }), 'backfill')).toBe(base)
  })

  test('changes with everything else', async () => {
    const prints = await Promise.all(
      [
        fill(),
        fill({ table: 'user' }),
        fill({ set: { a: sql`b` } }),
        fill({ where: sql`a` }),
        fill({ key: 'id' }),
        fill({ key: ['tenant', 'id'] }),
        fill({ key: ['id', 'tenant'] }),
        fill({ once: true }),
      ].map((definition) => of(definition, 'backfill')),
    )
    expect(new Set(prints).size).toBe(prints.length)
  })

  test('is the same in both formats', async () => {
    const text = '-- phase: backfill\nUPDATE users SET a = b, c = d WHERE a IS NULL;'
    expect(await ofText(text, 'backfill')).toBe(await of(fill(), 'backfill'))
  })
})

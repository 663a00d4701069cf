import { type BackfillDefinition, sql } from '@phasegate/core'
import { expect, test } from 'vitest'
import { compileDefinition, compileText, revertSteps, statements } from './compile-fixtures.test.support.js'

const sync = {
  table: 'users',
  forward: { email_verified: sql`verified_at IS NOT NULL` },
  backward: { verified_at: sql`CASE WHEN email_verified THEN now() END` },
}

test('triggers are the last steps of expand and the first that contract and revert remove', async () => {
  const compiled = await compileDefinition({
    appUses: 'both',
    expand: ({ ops }) => [ops.addColumn('users', 'email_verified', 'boolean')],
    sync,
    contract: ({ ops }) => [ops.dropColumn('users', 'verified_at')],
  })
  const drops = [
    expect.stringMatching(/^DROP TRIGGER IF EXISTS zz_phasegate_sync_users_[0-9a-f]{8} ON users$/),
    expect.stringMatching(/^DROP FUNCTION IF EXISTS phasegate_sync_users_[0-9a-f]{8}\(\)$/),
  ]
  expect(compiled.hasSync).toBe(true)
  expect(statements(compiled.units.expand?.steps)).toEqual([
    'ALTER TABLE users ADD COLUMN email_verified boolean',
    'EXPLAIN (COSTS OFF) WITH phasegate_reads AS (INSERT INTO users (verified_at, email_verified) OVERRIDING SYSTEM VALUE ' +
      'SELECT users.verified_at, users.email_verified FROM users) UPDATE users SET email_verified = (verified_at IS NOT NULL), ' +
      'verified_at = (CASE WHEN email_verified THEN now() END)',
    expect.stringMatching(/^CREATE OR REPLACE FUNCTION phasegate_sync_users_[0-9a-f]{8}\(\) RETURNS trigger\n/),
    expect.stringMatching(
      /^CREATE OR REPLACE TRIGGER zz_phasegate_sync_users_([0-9a-f]{8}) BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION phasegate_sync_users_\1\(\)$/,
    ),
  ])
  expect(statements(compiled.units.contract?.steps)).toEqual([...drops, 'ALTER TABLE users DROP COLUMN verified_at'])
  expect(statements(revertSteps(compiled))).toEqual([
    ...drops,
    'ALTER TABLE users DROP COLUMN IF EXISTS email_verified',
  ])
  expect(revertSteps(compiled).map(({ undoes }) => undoes)).toEqual([[1, 2, 3], [1, 2, 3], [0]])
})

test('say what was written and destroy nothing', async () => {
  const { units } = await compileDefinition({ appUses: 'new', expand: () => [], sync, contract: () => [] })
  for (const step of [...units.expand!.steps, ...units.contract!.steps]) {
    expect(step).toMatchObject({
      origin: 'sync',
      written: 'sync(users, forward email_verified, backward verified_at)',
      destroys: [],
      execution: { mode: 'transaction', timeouts: 'short' },
    })
  }
  expect(units.expand?.steps[0]?.facts).toMatchObject({
    changes: [{ action: 'read', what: 'check sync expressions' }],
    lock: { mode: 'ROW EXCLUSIVE', blocks: 'nothing', duration: 'instant' },
  })
})

test('of SQL files belong to the table that is named, filled or altered', async () => {
  const explained = async (text: string): Promise<string | undefined> =>
    statements((await compileText(text)).units.expand?.steps).find((statement) => statement.startsWith('EXPLAIN'))
  expect(
    await explained(`-- sync on app."Users": forward "größe" = (size::int)
      -- phase: expand
      ALTER TABLE app."Users" ADD "größe" int;`),
  ).toContain(' UPDATE app."Users" SET "größe" = ((size::int))')
  expect(
    await explained(`-- sync: forward a = (b)
      -- phase: expand
      ALTER TABLE users ADD a int;
      CREATE TABLE other (a int);
      -- phase: backfill
      UPDATE users SET a = b;`),
  ).toContain(' UPDATE users SET a = ((b))')
  expect(
    await explained(`-- sync: forward a = (b)
      -- phase: expand
      ALTER TABLE users ADD a int;`),
  ).toContain(' UPDATE users SET a = ((b))')
})

test.each([
  ['public.users.verified_at IS NOT NULL', /reads public\.users\.verified_at/],
  ['ctid IS NOT NULL', /reads ctid/],
  ['verified_at < now()', /another value each time/],
  ['verified_at < CURRENT_DATE', /another value each time/],
  ["verified_at < timestamptz 'now'", /another value each time/],
])('are refused for forward (%s)', async (expression, says) => {
  await expect(
    compileDefinition({ expand: () => [], sync: { table: 'users', forward: { email_verified: sql.raw(expression) } } }),
  ).rejects.toMatchObject({ code: 'SYNC.EXPRESSION', message: expect.stringMatching(says) })
})

test('are refused for a new column that is a serial', async () => {
  const text = '-- sync: forward a = (b)\n-- phase: expand\nALTER TABLE users ADD a serial;'
  await expect(compileText(text)).rejects.toMatchObject({ code: 'SYNC.DEFAULT' })
})

test('cover a backfill only where they give every column that it sets', async () => {
  const set = { email_verified: sql`verified_at IS NOT NULL` }
  const hasSync = async (backfill: BackfillDefinition): Promise<boolean> =>
    (await compileDefinition({ appUses: 'both', sync, backfill })).hasSync
  expect(await hasSync({ table: 'users', set })).toBe(true)
  expect(await hasSync({ table: 'users', set: { ...set, plan: sql`'free'` } })).toBe(false)
  expect(await hasSync({ table: 'orders', set: { paid: sql`true` } })).toBe(false)
})

test('have names of at most 63 bytes, one for each sync', async () => {
  const table = 'ü'.repeat(31)
  const { units } = await compileDefinition({
    sync: [
      { table, forward: { a: sql`b` } },
      { table, forward: { c: sql`d` } },
    ],
  })
  const names = statements(units.expand?.steps).flatMap((text) => /TRIGGER "(.*?)" BEFORE/.exec(text)?.[1] ?? [])
  expect(new Set(names).size).toBe(2)
  for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63)
})

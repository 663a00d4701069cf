import { defineMigration, type MigrationDefinition, sql } from '@phasegate/core'
import { postgresDialect } from '@phasegate/postgres'
import { describe, expect, test } from 'vitest'
import { createDatabase, describeOnEveryPostgres, type SharedServer, type TestDatabase } from '../support/servers.js'

type Sync = Exclude<NonNullable<MigrationDefinition['sync']>, readonly unknown[]>

const FORWARD: Sync = { table: 'users', forward: { email_verified: sql`verified_at IS NOT NULL` } }
const BOTH_WAYS: Sync = {
  ...FORWARD,
  backward: { verified_at: sql`CASE WHEN email_verified THEN timestamptz '2026-11-22 00:00Z' END` },
}
const BACKFILL = 'UPDATE users SET email_verified = (verified_at IS NOT NULL) WHERE email_verified IS NULL'

/** A database with `users`, two rows of which one is verified, and the sync in place. */
async function withUsers(server: SharedServer, sync: Sync): Promise<TestDatabase> {
  const db = await createDatabase(server)
  await db.query(`
    CREATE TABLE users (id int PRIMARY KEY, name text, verified_at timestamptz, email_verified boolean);
    INSERT INTO users (id, verified_at) VALUES (1, '2020-01-01Z'), (2, NULL)`)
  await run(db, await steps(sync))
  return db
}

async function steps(sync: Sync | readonly Sync[], unit: 'expand' | 'contract' = 'expand'): Promise<readonly string[]> {
  const definition = defineMigration({ appUses: 'both', sync, contract: () => [] })
  const migration = { format: 'typescript', name: '20261122093000_sync', file: 'sync.ts', definition } as const
  const compiled = await postgresDialect.compile(migration, { batchSize: 1000, batchTime: 250 })
  return compiled.units[unit]!.steps.map((step) => step.statement)
}

async function run(db: TestDatabase, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await db.query(statement)
}

/** `1 2020 true`, a line a row. */
async function rows(db: TestDatabase): Promise<readonly string[]> {
  const found = await db.query<{ row: string }>(`
    SELECT concat_ws(' ', id, coalesce(extract(year FROM verified_at AT TIME ZONE 'UTC')::text, 'null'),
                     coalesce(email_verified::text, 'null')) AS row
    FROM users ORDER BY id`)
  return found.map(({ row }) => row)
}

describeOnEveryPostgres('sync triggers', (server) => {
  describe('with forward', () => {
    test('fill the new column for old writers, and leave rows that they do not touch to the backfill', async () => {
      const db = await withUsers(server, FORWARD)
      await db.query(`UPDATE users SET name = 'x'`)
      expect(await rows(db)).toEqual(['1 2020 null', '2 null null'])
      await db.query(`INSERT INTO users (id, verified_at) VALUES (3, '2021-01-01Z'), (4, NULL)`)
      await db.query(`UPDATE users SET verified_at = '2022-01-01Z' WHERE id = 2`)
      expect(await rows(db)).toEqual(['1 2020 null', '2 2022 true', '3 2021 true', '4 null false'])
      await db.query(`UPDATE users SET verified_at = NULL WHERE id IN (1, 3)`)
      expect(await rows(db)).toEqual(['1 null false', '2 2022 true', '3 null false', '4 null false'])
    })

    test('leave to new writers what they write', async () => {
      const db = await withUsers(server, FORWARD)
      await db.query('INSERT INTO users (id, email_verified) VALUES (3, true), (4, false)')
      await db.query('UPDATE users SET email_verified = false WHERE id = 1')
      await db.query(`UPDATE users SET name = 'x'`)
      expect(await rows(db)).toEqual(['1 2020 false', '2 null null', '3 null true', '4 null false'])
    })

    test('follow the old side where both were changed and disagree', async () => {
      const db = await withUsers(server, FORWARD)
      await db.query('UPDATE users SET verified_at = NULL, email_verified = true WHERE id = 1')
      expect((await rows(db))[0]).toBe('1 null false')
    })
  })

  describe('with backward', () => {
    test('keep every original value under a backfill', async () => {
      const db = await withUsers(server, BOTH_WAYS)
      await db.query(`INSERT INTO users (id, verified_at) SELECT i, timestamptz '2001-02-03 04:05:06.789012Z' + i * interval '1 second'
        FROM generate_series(100, 1100) i`)
      await db.query('ALTER TABLE users DISABLE TRIGGER USER')
      await db.query('UPDATE users SET email_verified = NULL')
      await db.query('ALTER TABLE users ENABLE TRIGGER USER')
      const before = await db.query('SELECT id, verified_at::text FROM users ORDER BY id')
      await db.query(BACKFILL)
      expect(await db.query('SELECT id, verified_at::text FROM users ORDER BY id')).toEqual(before)
      const wrong = 'SELECT id FROM users WHERE email_verified IS DISTINCT FROM (verified_at IS NOT NULL)'
      expect(await db.query(wrong)).toEqual([])
    })

    test('carry what new writers write to the old side', async () => {
      const db = await withUsers(server, BOTH_WAYS)
      await db.query('INSERT INTO users (id, email_verified) VALUES (3, true), (4, false)')
      await db.query('UPDATE users SET email_verified = false WHERE id = 1')
      await db.query('UPDATE users SET email_verified = true WHERE id = 2')
      expect(await rows(db)).toEqual(['1 null false', '2 2026 true', '3 2026 true', '4 null false'])
    })

    test('keep the old value where a new writer says what it says already', async () => {
      const db = await withUsers(server, BOTH_WAYS)
      await db.query('UPDATE users SET email_verified = true WHERE id = 1')
      await db.query('UPDATE users SET email_verified = email_verified, verified_at = verified_at')
      expect((await rows(db))[0]).toBe('1 2020 true')
    })

    test('let values stand that one INSERT gives for both sides', async () => {
      const db = await withUsers(server, BOTH_WAYS)
      await db.query(`INSERT INTO users VALUES (3, 'x', '2021-01-01Z', false)`)
      expect((await rows(db))[2]).toBe('3 2021 false')
    })

    test('work for INSERT … ON CONFLICT DO UPDATE of old and new writers', async () => {
      const db = await withUsers(server, BOTH_WAYS)
      await db.query(`INSERT INTO users (id, verified_at) VALUES (2, '2021-01-01Z')
        ON CONFLICT (id) DO UPDATE SET verified_at = EXCLUDED.verified_at`)
      await db.query(`INSERT INTO users (id, email_verified) VALUES (1, false)
        ON CONFLICT (id) DO UPDATE SET email_verified = EXCLUDED.email_verified`)
      expect(await rows(db)).toEqual(['1 null false', '2 2021 true'])
    })

    test('are not misled by rounding to the type of the new column', async () => {
      const db = await createDatabase(server)
      await db.query(`CREATE TABLE prices (id int, cents numeric, euro numeric(10, 1));
        INSERT INTO prices VALUES (1, 12345), (2, NULL)`)
      const prices = { table: 'prices', forward: { euro: sql`cents / 100` }, backward: { cents: sql`euro * 100` } }
      await run(db, await steps(prices))
      await db.query('UPDATE prices SET euro = cents / 100 WHERE euro IS NULL')
      expect(await db.query('SELECT * FROM prices ORDER BY id')).toEqual([
        { id: 1, cents: '12345', euro: '123.5' },
        { id: 2, cents: null, euro: null },
      ])
      await db.query('UPDATE prices SET euro = 2 WHERE id = 1')
      expect(await db.query('SELECT * FROM prices WHERE id = 1')).toEqual([{ id: 1, cents: '200.0', euro: '2.0' }])
    })

    test('treat columns one by one', async () => {
      const db = await createDatabase(server)
      await db.query('CREATE TABLE p (first text, last text, given text, family text)')
      await run(
        db,
        await steps({
          table: 'p',
          forward: { given: sql`upper(first)`, family: sql`upper(last)` },
          backward: { first: sql`lower(given)`, last: sql`lower(family)` },
        }),
      )
      await db.query(`INSERT INTO p (first, last) VALUES ('ada', 'Lovelace')`)
      await db.query(`UPDATE p SET given = 'AUGUSTA', last = 'King'`)
      expect(await db.query('SELECT * FROM p')).toEqual([
        { first: 'augusta', last: 'King', given: 'AUGUSTA', family: 'KING' },
      ])
    })
  })

  test('keep an old value whose row the backfill has not reached, when a writer changes another column', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE p (first text, last text, given text, family text);
      INSERT INTO p (first, last) VALUES ('ada', 'lovelace')`)
    await run(
      db,
      await steps({
        table: 'p',
        forward: { given: sql`upper(first)`, family: sql`upper(last)` },
        backward: { first: sql`lower(given)`, last: sql`lower(family)` },
      }),
    )
    await db.query(`UPDATE p SET last = 'king'`)
    expect(await db.query('SELECT * FROM p')).toEqual([{ first: 'ada', last: 'king', given: null, family: 'KING' }])
  })

  test('go back only where the writer gave nothing of the old side', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE p (id int, first text, last text, whole text)')
    await run(
      db,
      await steps({
        table: 'p',
        forward: { whole: sql`concat_ws(' ', first, last)` },
        backward: { first: sql`split_part(whole, ' ', 1)`, last: sql`split_part(whole, ' ', 2)` },
      }),
    )
    await db.query(`INSERT INTO p (id, whole) VALUES (1, 'Ada Lovelace')`)
    await db.query(`INSERT INTO p (id, last, whole) VALUES (2, 'King', 'Ada Lovelace')`)
    await db.query(`UPDATE p SET whole = 'Augusta King' WHERE id = 1`)
    expect(await db.query('SELECT * FROM p ORDER BY id')).toEqual([
      { id: 1, first: 'Augusta', last: 'King', whole: 'Augusta King' },
      { id: 2, first: null, last: 'King', whole: 'Ada Lovelace' },
    ])
  })

  test('leave an old column alone that the writer sets itself', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE p (size int, label text, width int); INSERT INTO p VALUES (1, 'small', 1)`)
    await run(
      db,
      await steps({
        table: 'p',
        forward: { width: sql`size` },
        backward: { size: sql`width`, label: sql`'width ' || width` },
      }),
    )
    await db.query(`UPDATE p SET width = 2, label = 'mine'`)
    expect(await db.query('SELECT * FROM p')).toEqual([{ size: 2, label: 'mine', width: 2 }])
    await db.query('UPDATE p SET width = 3')
    expect(await db.query('SELECT * FROM p')).toEqual([{ size: 3, label: 'width 3', width: 3 }])
  })

  test('work with quoted, non-ASCII and confusing names, in a schema, whatever the search path of the writer', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE SCHEMA "My App"; CREATE SCHEMA elsewhere;
      CREATE FUNCTION public.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
      CREATE TABLE "My App"."Größen" ("select" int, "Größe ""x""" int, "new" int, forward_0 int, tg_op int)`)
    await run(
      db,
      await steps({
        table: { schema: 'My App', table: 'Größen' },
        forward: {
          'Größe "x"': sql`twice("Größen"."select") + 0 * coalesce("new", 0) -- a remark`,
          forward_0: sql`tg_op + 1`,
        },
        backward: { select: sql`"Größe ""x""" / 2`, tg_op: sql`forward_0 - 1` },
      }),
    )
    await db.query(`SET search_path = elsewhere;
      INSERT INTO "My App"."Größen" ("select", tg_op) VALUES (4, 1);
      INSERT INTO "My App"."Größen" ("Größe ""x""", forward_0) VALUES (10, 8)`)
    expect(await db.query('SELECT * FROM "My App"."Größen" ORDER BY 1')).toEqual([
      { select: 4, 'Größe "x"': 8, new: null, forward_0: 2, tg_op: 1 },
      { select: 5, 'Größe "x"': 10, new: null, forward_0: 8, tg_op: 7 },
    ])
  })

  test('compare values of types that have no equality', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE docs (id int, body text, parsed json)')
    await run(
      db,
      await steps({ table: 'docs', forward: { parsed: sql`body::json` }, backward: { body: sql`parsed::text` } }),
    )
    await db.query(`INSERT INTO docs VALUES (1, '{"a": 1}'), (2, NULL)`)
    await db.query(`UPDATE docs SET parsed = '{"b":2}' WHERE id = 2`)
    await db.query(`UPDATE docs SET body = '[]' WHERE id = 1`)
    expect(await db.query('SELECT id, body, parsed::text FROM docs ORDER BY id')).toEqual([
      { id: 1, body: '[]', parsed: '[]' },
      { id: 2, body: '{"b":2}', parsed: '{"b":2}' },
    ])
  })

  test('see what other BEFORE triggers of the table made of the row', async () => {
    const db = await withUsers(server, FORWARD)
    await db.query(`
      CREATE FUNCTION verify() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.verified_at := '2023-01-01Z'; RETURN NEW; END $$;
      CREATE TRIGGER verify BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION verify()`)
    await db.query('INSERT INTO users (id) VALUES (3)')
    expect((await rows(db))[2]).toBe('3 2023 true')
  })

  test.each([
    ['a column that does not exist', { email_verified: sql`verifiedat IS NOT NULL` }],
    ['a type that does not fit', { email_verified: sql`verified_at + interval '1 day'` }],
  ])('are not created for %s, and writers go on', async (_, forward) => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE users (id int, verified_at timestamptz, email_verified boolean)')
    await expect(run(db, await steps({ table: 'users', forward }))).rejects.toThrow(/verified/)
    await db.query('INSERT INTO users (id) VALUES (1)')
    expect(await db.query('SELECT tgname FROM pg_trigger')).toEqual([])
  })

  test.each([
    ['the whole row', { label: sql`md5(p::text)` }, /column "p" of relation "p" does not exist/],
    ['a generated column', { label: sql`doubled::text` }, /column "doubled"/],
  ])('are not created over %s, which a trigger cannot read, and writers go on', async (_, forward, says) => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE p (n int, doubled int GENERATED ALWAYS AS (n * 2) STORED, label text)')
    await expect(run(db, await steps({ table: 'p', forward }))).rejects.toThrow(says)
    await db.query('INSERT INTO p (n) VALUES (1)')
    expect(await db.query('SELECT tgname FROM pg_trigger')).toEqual([])
  })

  test('read an identity, which has its value by then, and work through a partitioned table', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE p (gone int, id int GENERATED ALWAYS AS IDENTITY, label text) PARTITION BY RANGE (id);
      ALTER TABLE p DROP COLUMN gone; CREATE TABLE p1 (label text, id int NOT NULL);
      ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM (1) TO (10)`)
    const label = { table: 'p', forward: { label: sql`'L' || id` } }
    for (let time = 0; time < 2; time++) await run(db, await steps(label))
    await db.query('INSERT INTO p DEFAULT VALUES')
    expect(await db.query('SELECT id, label FROM p')).toEqual([{ id: 1, label: 'L1' }])
  })

  test('can be created again, and leave nothing behind when they go', async () => {
    const db = await withUsers(server, BOTH_WAYS)
    await run(db, await steps(BOTH_WAYS))
    expect(await db.query('SELECT count(*)::int AS n FROM pg_trigger')).toEqual([{ n: 1 }])
    for (let time = 0; time < 2; time++) await run(db, await steps(BOTH_WAYS, 'contract'))
    expect(await db.query('SELECT count(*)::int AS n FROM pg_trigger')).toEqual([{ n: 0 }])
    expect(await db.query(`SELECT proname FROM pg_proc WHERE proname LIKE 'phasegate%'`)).toEqual([])
    await db.query('INSERT INTO users (id, email_verified) VALUES (9, true)')
    expect((await rows(db)).at(-1)).toBe('9 null true')
  })

  test('lose no value under old and new writers and a backfill at once', async () => {
    const db = await createDatabase(server)
    await db.query(`
      CREATE TABLE users (id int PRIMARY KEY, writer text, verified_at timestamptz, email_verified boolean);
      INSERT INTO users SELECT i, CASE i % 3 WHEN 0 THEN 'old' WHEN 1 THEN 'new' ELSE 'nobody' END,
        CASE WHEN i % 2 = 0 THEN timestamptz '2001-01-01Z' + i * interval '1 minute' END FROM generate_series(1, 600) i`)
    await run(db, await steps(BOTH_WAYS))
    const original = await db.query(`SELECT id, verified_at::text FROM users WHERE writer = 'nobody' ORDER BY id`)
    const write = async (statement: (id: number) => string, first: number): Promise<void> => {
      const client = await db.connect()
      for (let id = first; id <= 600; id += 3) await client.query(statement(id))
    }
    await Promise.all([
      write((id) => `UPDATE users SET verified_at = '2010-01-01Z' WHERE id = ${id}`, 3),
      write((id) => `UPDATE users SET email_verified = ${id % 2 === 1} WHERE id = ${id}`, 1),
      (async () => {
        for (let from = 0; from < 600; from += 50) await db.query(`${BACKFILL} AND id > ${from} AND id <= ${from + 50}`)
      })(),
    ])
    expect(await db.query(`SELECT id, verified_at::text FROM users WHERE writer = 'nobody' ORDER BY id`)).toEqual(
      original,
    )
    const wrong = await db.query(`SELECT * FROM users WHERE email_verified IS DISTINCT FROM (verified_at IS NOT NULL)
      OR (writer = 'old' AND verified_at <> '2010-01-01Z') OR (writer = 'new' AND email_verified <> (id % 2 = 1))`)
    expect(wrong).toEqual([])
  })
})

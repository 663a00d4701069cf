import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { type LiveTraffic, startTraffic } from '../support/live-traffic.js'
import { createDatabase, type SharedServer, type TestDatabase } from '../support/servers.js'

export const ROWS = 60_000

/**
 * A table with what a rewrite could lose: a dropped column, a large value beside the row, generated and default values, keys,
 * a foreign key on either side, a trigger. `mirror` gets every write in the same statement.
 */
const SCHEMA = `
  CREATE EXTENSION pg_repack;
  CREATE TABLE team (id int PRIMARY KEY);
  INSERT INTO team SELECT generate_series(1, 10);
  CREATE TABLE users (
    id bigint PRIMARY KEY, gone text, email text NOT NULL UNIQUE, team int REFERENCES team, n int NOT NULL DEFAULT 0,
    twice int GENERATED ALWAYS AS (n * 2) STORED, note text, CHECK (n >= 0));
  INSERT INTO users (id, gone, email, team, note)
    SELECT g, repeat('x', 150), 'user' || g || '@example.org', g % 10 + 1,
      CASE WHEN g % 5000 = 0 THEN (SELECT string_agg(md5(s::text), '') FROM generate_series(1, 200) s) ELSE 'note ' || g END
    FROM generate_series(1, ${ROWS}) g;
  CREATE INDEX users_team ON users (team) WHERE n > 0;
  CREATE TABLE orders (id bigint PRIMARY KEY, owner bigint REFERENCES users ON UPDATE CASCADE ON DELETE CASCADE);
  INSERT INTO orders SELECT g, g FROM generate_series(1, 1000) g;
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := left(NEW.note, 7000); RETURN NEW; END $$;
  CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
  ALTER TABLE users DROP COLUMN gone;
  CREATE TABLE mirror AS SELECT id, email, team, n, note FROM users;
  ALTER TABLE mirror ADD PRIMARY KEY (id);
  ANALYZE;
`

export function repackDatabase(server: SharedServer): Promise<TestDatabase> {
  return createDatabase(server, { name: 'repack', sql: SCHEMA })
}

/** Writers that insert, update, delete and change keys, each in both tables at once; readers by key. */
export function startWriting(db: TestDatabase): Promise<LiveTraffic> {
  let next = 10 * ROWS
  const anyId = (): number => 1 + Math.floor(Math.random() * ROWS)
  const both = (change: string, then: string): string => `WITH w AS (${change}) ${then}`
  return startTraffic({
    db,
    read: (client) => client.query('SELECT * FROM users WHERE id = $1', [anyId()]),
    write: (client, round) => {
      if (round % 5 === 1) {
        const id = ++next
        return client.query(
          both(
            `INSERT INTO users (id, email, team, note) VALUES ($1::bigint, 'new' || $1::bigint, 1, 'new') RETURNING *`,
            'INSERT INTO mirror SELECT id, email, team, n, note FROM w',
          ),
          [id],
        )
      }
      if (round % 5 === 2)
        return client.query(
          both('DELETE FROM users WHERE id = $1 RETURNING id', 'DELETE FROM mirror USING w WHERE mirror.id = w.id'),
          [anyId()],
        )
      if (round % 5 === 3)
        return client.query(
          both(
            'UPDATE users SET id = -id WHERE id = $1 RETURNING id',
            'UPDATE mirror SET id = w.id FROM w WHERE mirror.id = -w.id',
          ),
          [anyId()],
        )
      return client.query(
        both(
          'UPDATE users SET n = n + 1, note = NULL WHERE id = $1 RETURNING *',
          'UPDATE mirror SET n = w.n, note = w.note FROM w WHERE mirror.id = w.id',
        ),
        [anyId()],
      )
    },
  })
}

/** What a person sees of the table but its data: columns, indexes, constraints, triggers. */
export async function shapeOf(db: TestDatabase): Promise<readonly string[]> {
  const rows = await db.query<{ line: string }>(
    `SELECT a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull::text || coalesce(pg_get_expr(d.adbin, d.adrelid), '') AS line
     FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = 'users'::regclass AND a.attnum > 0 AND NOT a.attisdropped
     UNION ALL SELECT pg_get_indexdef(indexrelid) || indisvalid::text FROM pg_index WHERE indrelid = 'users'::regclass
     UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint WHERE 'users'::regclass IN (conrelid, confrelid)
     UNION ALL SELECT pg_get_triggerdef(oid) || tgenabled::text FROM pg_trigger WHERE tgrelid = 'users'::regclass AND NOT tgisinternal
     ORDER BY 1`,
  )
  return rows.map(({ line }) => line)
}

export async function identityOf(db: TestDatabase, table = 'users'): Promise<string> {
  const [row] = await db.query<{ file: string }>(`SELECT pg_relation_filenode($1::regclass)::text AS file`, [table])
  return row!.file
}

/** Row by row, both ways. */
export async function assertNothingLost(db: TestDatabase): Promise<void> {
  const [row] = await db.query<{ missing: string; extra: string; indexed: string; rows: string }>(
    `SELECT (SELECT count(*) FROM (SELECT * FROM mirror EXCEPT ALL SELECT id, email, team, n, note FROM users) a) AS missing,
       (SELECT count(*) FROM (SELECT id, email, team, n, note FROM users EXCEPT ALL SELECT * FROM mirror) a) AS extra,
       (SELECT count(*) FROM mirror m JOIN users u USING (id) WHERE u.twice = m.n * 2) AS indexed,
       (SELECT count(*) FROM mirror) AS rows`,
  )
  expect(row).toMatchObject({ missing: '0', extra: '0', indexed: row!.rows })
}

/** Nothing of pg_repack is in the database: no trigger, table, type or session. */
export async function leftBehind(db: TestDatabase): Promise<readonly string[]> {
  const rows = await db.query<{ what: string }>(
    `SELECT 'trigger ' || tgname AS what FROM pg_trigger WHERE tgname = 'repack_trigger'
     UNION ALL SELECT c.relkind::text || ' ' || c.relname FROM pg_class c WHERE c.relnamespace = to_regnamespace('repack') AND c.relkind IN ('r', 'c')
     UNION ALL SELECT 'session ' || pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pg_repack'`,
  )
  return rows.map(({ what }) => what)
}

/** A session of pg_repack that is told to end is in the list for a moment. */
export async function assertNothingLeft(db: TestDatabase): Promise<void> {
  for (const until = Date.now() + 3000; (await leftBehind(db)).length > 0 && Date.now() < until; ) await sleep(50)
  expect(await leftBehind(db)).toEqual([])
}

/** Waits until `query` gives a row. */
export async function until(db: TestDatabase, query: string, ms = 30_000): Promise<Record<string, unknown>> {
  for (const end = Date.now() + ms; ; await sleep(30)) {
    const [row] = await db.query(query)
    if (row !== undefined) return row
    if (Date.now() > end) throw new Error(`no row within ${ms} ms: ${query}`)
  }
}

/** Is there while pg_repack has copied everything and waits for older transactions. */
export const COPIED = `SELECT FROM pg_class WHERE relnamespace = 'repack'::regnamespace AND relname LIKE 'table\\_%'`
/** Is there while pg_repack copies. */
export const COPYING = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pg_repack'
  AND query LIKE 'INSERT INTO repack.table%' AND state = 'active'`

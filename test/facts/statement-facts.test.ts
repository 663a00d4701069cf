import { createMadeObjects } from '@phasegate/core'
import type pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { functionKind } from '../../packages/postgres/src/parse/functions.js'
import { parseStatements } from '../../packages/postgres/src/parse/parse-statements.js'
import { loadParser } from '../../packages/postgres/src/parse/parser.js'
import { readFacts } from '../../packages/postgres/src/parse/read-facts.js'
import { createDatabase, describeOnEveryPostgres, type TestDatabase } from '../support/servers.js'

/** Every kind of thing that the statements below touch, with rows, so that a scan or rewrite is seen. */
const SCHEMA = {
  name: 'facts',
  sql: `
  CREATE TYPE e AS ENUM ('one', 'two');
  CREATE DOMAIN d AS int CHECK (VALUE >= 0);
  CREATE TABLE r (id int PRIMARY KEY, v text);
  CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(20) DEFAULT 'x', c int NOT NULL DEFAULT 0, r int, x int,
                  g int GENERATED ALWAYS AS (c + 1) STORED);
  CREATE TABLE dt (id int PRIMARY KEY, x d);
  CREATE TABLE par (id int);
  CREATE TABLE chi (id int);
  CREATE TABLE p (id int NOT NULL) PARTITION BY RANGE (id);
  CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
  CREATE TABLE p2 (id int NOT NULL);
  INSERT INTO r SELECT i, 'v' FROM generate_series(1, 200) i;
  INSERT INTO t (id, a, r, x) SELECT i, i, i, i FROM generate_series(1, 200) i;
  INSERT INTO dt SELECT i, i FROM generate_series(1, 200) i;
  INSERT INTO chi SELECT i FROM generate_series(1, 200) i;
  INSERT INTO p SELECT i FROM generate_series(1, 200) i;
  INSERT INTO p2 SELECT i FROM generate_series(1000, 1200) i;
  CREATE INDEX i ON t (a);
  CREATE UNIQUE INDEX ui ON t (c, id);
  ALTER TABLE t ADD CONSTRAINT k CHECK (a >= 0), ADD CONSTRAINT kn CHECK (a < 100000) NOT VALID,
                ADD CONSTRAINT f FOREIGN KEY (r) REFERENCES r (id) NOT VALID;
  ALTER DOMAIN d ADD CONSTRAINT dn CHECK (VALUE < 100000) NOT VALID;
  CREATE VIEW v AS SELECT id, a FROM t;
  CREATE MATERIALIZED VIEW m AS SELECT id, a FROM t;
  CREATE UNIQUE INDEX mi ON m (id);
  CREATE SEQUENCE s;
  CREATE FUNCTION tg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tg();
  ANALYZE;`,
}

interface Case {
  readonly sql: string
  readonly since?: number
  /** Only the catalog could know that it is less than the facts say. */
  readonly less?: true
}

const CASES: readonly (string | Case)[] = [
  'ALTER TABLE t ADD COLUMN n int',
  'ALTER TABLE t ADD COLUMN n int NOT NULL DEFAULT 5',
  'ALTER TABLE t ADD COLUMN n timestamptz DEFAULT now()',
  "ALTER TABLE t ADD COLUMN n e DEFAULT 'one'",
  'ALTER TABLE t ADD COLUMN n timestamptz DEFAULT clock_timestamp()',
  'ALTER TABLE t ADD COLUMN n uuid DEFAULT gen_random_uuid()',
  'ALTER TABLE t ADD COLUMN n float DEFAULT random()',
  'ALTER TABLE t ADD COLUMN n bigserial',
  'ALTER TABLE t ADD COLUMN n int GENERATED ALWAYS AS IDENTITY',
  'ALTER TABLE t ADD COLUMN n int GENERATED ALWAYS AS (c * 2) STORED',
  { sql: 'ALTER TABLE t ADD COLUMN n int GENERATED ALWAYS AS (c * 2) VIRTUAL', since: 18 },
  'ALTER TABLE t ADD COLUMN n int REFERENCES r (id)',
  'ALTER TABLE t ADD COLUMN n int DEFAULT 1 REFERENCES r (id)',
  'ALTER TABLE t ADD COLUMN n int CHECK (n > 0)',
  'ALTER TABLE t ADD COLUMN n int UNIQUE',
  'ALTER TABLE t DROP COLUMN x',
  'ALTER TABLE t ALTER a SET DEFAULT 7',
  'ALTER TABLE t ALTER b DROP DEFAULT',
  'ALTER TABLE t ALTER a SET NOT NULL',
  'ALTER TABLE t ALTER c DROP NOT NULL',
  'ALTER TABLE t ALTER x TYPE bigint',
  { sql: 'ALTER TABLE t ALTER b TYPE text', less: true },
  'ALTER TABLE t ALTER a SET STATISTICS 500',
  'ALTER TABLE t ALTER b SET STORAGE EXTERNAL',
  'ALTER TABLE t ALTER c ADD GENERATED ALWAYS AS IDENTITY, ALTER c DROP DEFAULT',
  'ALTER TABLE t ALTER g DROP EXPRESSION',
  { sql: 'ALTER TABLE t ALTER g SET EXPRESSION AS (c + 2)', since: 17 },
  'ALTER TABLE t ADD CONSTRAINT n CHECK (c >= 0)',
  'ALTER TABLE t ADD CONSTRAINT n CHECK (c >= 0) NOT VALID',
  { sql: 'ALTER TABLE t ADD CONSTRAINT n CHECK (c >= 0) NOT ENFORCED', since: 18 },
  { sql: 'ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID', since: 18 },
  { sql: 'ALTER TABLE t ADD CONSTRAINT n NOT NULL a', since: 18 },
  'ALTER TABLE t VALIDATE CONSTRAINT kn',
  'ALTER TABLE t VALIDATE CONSTRAINT f',
  'ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r (id)',
  'ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r (id) NOT VALID',
  'ALTER TABLE t ADD UNIQUE (a)',
  'ALTER TABLE r ADD CONSTRAINT n EXCLUDE USING btree (v WITH =) WHERE (id < 0)',
  'ALTER TABLE t ADD CONSTRAINT n UNIQUE USING INDEX ui',
  'ALTER TABLE chi ADD PRIMARY KEY (id)',
  'ALTER TABLE t DROP CONSTRAINT k',
  'ALTER TABLE t DROP CONSTRAINT f',
  'ALTER TABLE t ALTER CONSTRAINT f DEFERRABLE',
  'ALTER TABLE t DISABLE TRIGGER tr',
  'ALTER TABLE t ENABLE TRIGGER ALL',
  'ALTER TABLE t SET (fillfactor = 70)',
  'ALTER TABLE t CLUSTER ON i',
  'ALTER TABLE t SET UNLOGGED',
  'ALTER TABLE t ENABLE ROW LEVEL SECURITY',
  'ALTER TABLE t REPLICA IDENTITY FULL',
  'ALTER TABLE t OWNER TO CURRENT_USER',
  'ALTER TABLE chi INHERIT par',
  'ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (1000) TO (2000)',
  'ALTER TABLE p DETACH PARTITION p1',
  'CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (5000) TO (6000)',
  'ALTER TABLE t RENAME a TO n',
  'ALTER TABLE t RENAME TO n',
  'ALTER TABLE t RENAME CONSTRAINT k TO n',
  'ALTER INDEX i RENAME TO n',
  'CREATE INDEX n ON t (b)',
  'CREATE UNIQUE INDEX n ON t (a, id) WHERE a > 3',
  'DROP INDEX i',
  'REINDEX INDEX i',
  'REINDEX TABLE t',
  'DROP TABLE t CASCADE',
  'DROP TABLE chi, par',
  'DROP VIEW v',
  'DROP MATERIALIZED VIEW m',
  'DROP TRIGGER tr ON t',
  'TRUNCATE t',
  'CREATE TABLE n (id int)',
  'CREATE TABLE n (id int REFERENCES r (id))',
  'CREATE TABLE n (LIKE t)',
  'CREATE TABLE n AS SELECT * FROM t',
  'CREATE VIEW n AS SELECT a FROM t',
  'CREATE OR REPLACE VIEW v AS SELECT id, a, 1 AS n FROM t',
  'CREATE TRIGGER n AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION tg()',
  'CREATE POLICY n ON t USING (true)',
  'CREATE RULE n AS ON INSERT TO t DO ALSO NOTHING',
  'CREATE STATISTICS n ON a, c FROM t',
  'CREATE PUBLICATION n FOR TABLE t',
  "COMMENT ON COLUMN t.a IS 'x'",
  "COMMENT ON TABLE t IS 'x'",
  { sql: 'GRANT SELECT ON t TO PUBLIC', less: true },
  'ALTER SEQUENCE s INCREMENT 2',
  "ALTER TYPE e ADD VALUE 'three'",
  'ALTER DOMAIN d ADD CHECK (VALUE < 99999)',
  'ALTER DOMAIN d ADD CONSTRAINT n CHECK (VALUE < 99999) NOT VALID',
  'ALTER DOMAIN d VALIDATE CONSTRAINT dn',
  'ANALYZE t',
  'CLUSTER t USING i',
  'REFRESH MATERIALIZED VIEW m',
  'REFRESH MATERIALIZED VIEW CONCURRENTLY m',
  'INSERT INTO r VALUES (1000)',
  'UPDATE t SET a = a + 1',
  'DELETE FROM t WHERE id > 100',
  'SELECT count(*) FROM t',
  'SELECT * FROM t FOR UPDATE',
]

/** What PostgreSQL refuses inside a transaction. */
const ALONE: readonly string[] = [
  'CREATE INDEX CONCURRENTLY n ON t (b)',
  'DROP INDEX CONCURRENTLY i',
  'REINDEX INDEX CONCURRENTLY i',
  'REINDEX TABLE CONCURRENTLY t',
  'REINDEX SCHEMA public',
  'ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY',
  'VACUUM t',
  'VACUUM FULL t',
  'CLUSTER',
]

const MODES = [
  'none',
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
]

interface Seen {
  readonly mode: string
  readonly locked: readonly string[]
  readonly rewritten: boolean
  readonly scanned: boolean
}

describeOnEveryPostgres('facts of statements', (server) => {
  let db: TestDatabase
  let client: pg.Client

  beforeAll(async () => {
    await loadParser()
    db = await createDatabase(server, SCHEMA)
    client = await db.connect()
    return () => db.drop()
  })

  const cases = CASES.map((entry) => (typeof entry === 'string' ? { sql: entry } : entry) as Case)

  test.each(cases.filter(({ since = 0 }) => since <= server.major))('$sql', async ({ sql, less = false }) => {
    const facts = factsOf(sql)
    const seen = await observe(client, sql)
    expect(facts.transactional).toBe(true)

    // Never weaker or shorter than what the server does; the same, unless only the catalog could know.
    expect(MODES.indexOf(facts.lock.mode)).toBeGreaterThanOrEqual(MODES.indexOf(seen.mode))
    if (!less) expect(facts.lock.mode).toBe(seen.mode)
    for (const table of facts.lock.tables) if (!less) expect(seen.locked).toContain(table)
    if (seen.rewritten) expect(facts.lock.duration).toBe('rewrite')
    if (seen.scanned) expect(facts.lock.duration).not.toBe('instant')
    if (!less && facts.lock.duration === 'rewrite') expect(seen.rewritten).toBe(true)
  })

  test('knows the functions that answer differently each time', async () => {
    const { rows } = await client.query(
      `SELECT proname AS name, bool_or(provolatile = 'v') AS some, bool_and(provolatile = 'v') AS every
       FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace GROUP BY proname`,
    )
    const kinds = rows.map(({ name, some, every }) => ({ kind: functionKind([name]), name, some, every }))
    expect(kinds.filter(({ kind, some }) => kind === 'plain' && some)).toEqual([])
    expect(kinds.filter(({ kind, every }) => kind === 'volatile' && !every)).toEqual([])
    expect(kinds.filter(({ kind }) => kind === 'plain').length).toBeGreaterThan(250)
  })

  test.each(ALONE)('%s cannot be in a transaction', async (sql) => {
    expect(factsOf(sql).transactional).toBe(false)
    await client.query('BEGIN')
    await expect(client.query(sql)).rejects.toMatchObject({ code: '25001' })
    await client.query('ROLLBACK')
  })
})

function factsOf(sql: string) {
  return readFacts(parseStatements(sql, 'facts.sql')[0]!, createMadeObjects())
}

/** Runs a statement in a transaction that is rolled back, and reads what it locked, rewrote and read on the way. */
async function observe(client: pg.Client, sql: string): Promise<Seen> {
  // Read before the transaction: what the statement creates is nobody's business, and what it renames has its old name.
  const { rows } = await client.query(
    `SELECT oid, relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace`,
  )
  const names = new Map(rows.map((row) => [row.oid as number, row.name as string]))
  const oids = [...names.keys()]
  await client.query('BEGIN')
  try {
    const filesBefore = await filesOf(client, oids)
    const readBefore = await rowsRead(client, oids)
    await client.query(sql)
    const { rows: locks } = await client.query(
      `SELECT relation, upper(regexp_replace(replace(mode, 'Lock', ''), '([a-z])([A-Z])', '\\1 \\2', 'g')) AS mode
       FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation = ANY ($1::oid[])`,
      [oids],
    )
    const filesAfter = await filesOf(client, oids)
    const modes = locks.map((lock) => String(lock.mode))
    return {
      mode: MODES.findLast((mode) => modes.includes(mode)) ?? 'none',
      locked: locks.map((lock) => names.get(lock.relation) ?? ''),
      rewritten: [...filesBefore].some(([oid, file]) => filesAfter.has(oid) && filesAfter.get(oid) !== file),
      scanned: (await rowsRead(client, oids)) > readBefore,
    }
  } finally {
    await client.query('ROLLBACK')
  }
}

/** Rows that this session read by sequential scans since its statistics were last sent off, which is not on demand. */
async function rowsRead(client: pg.Client, oids: readonly number[]): Promise<number> {
  const { rows } = await client.query(
    'SELECT coalesce(sum(pg_stat_get_xact_tuples_returned(oid)), 0)::int AS rows FROM unnest($1::oid[]) AS oid',
    [oids],
  )
  return rows[0].rows
}

/** The files of tables and materialized views that hold rows; a new file is a rewrite, an empty one that of TRUNCATE. */
async function filesOf(client: pg.Client, oids: readonly number[]): Promise<Map<number, string>> {
  const { rows } = await client.query(
    `SELECT oid, pg_relation_filenode(oid)::text AS file FROM pg_class
     WHERE oid = ANY ($1::oid[]) AND relkind IN ('r', 'm') AND pg_relation_size(oid) > 0`,
    [oids],
  )
  return new Map(rows.map((row) => [row.oid, row.file]))
}

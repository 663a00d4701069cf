import { expect, test } from 'vitest'
import { createDatabase, describeOnEveryPostgres } from '../support/servers.js'
import { countingBackfill, counts, setUpBackfill, UNIT, unitRow } from './backfill-setup.js'

interface KeyType {
  readonly type: string
  /** Values of `i`, from 1. */
  readonly value: string
  readonly before?: string
}

const KEYS: readonly KeyType[] = [
  { type: 'smallint', value: 'i - 50' },
  { type: 'integer', value: 'i * 1000003 - 50' },
  { type: 'bigint', value: '9007199254740993 + i' },
  { type: 'numeric', value: "(i::text || '.00000000000000000000' || i)::numeric" },
  { type: 'numeric(12,3)', value: 'i * 1.001' },
  { type: 'double precision', value: '0.1::float8 + i * 0.1::float8' },
  { type: 'real', value: '0.1::real * i' },
  { type: 'text', value: "chr(i % 26 + 65) || repeat('ß', i % 3) || i" },
  { type: 'text COLLATE "C"', value: "chr(i % 26 + 97 - (i % 2) * 32) || ' \\ ''\"' || i" },
  { type: 'varchar(12)', value: "'Straße ' || i" },
  { type: 'char(8)', value: "'k' || i" },
  { type: 'citext', value: "(CASE i % 2 WHEN 0 THEN 'KEY' ELSE 'key' END) || i", before: 'CREATE EXTENSION citext' },
  { type: 'uuid', value: 'gen_random_uuid()' },
  { type: 'bytea', value: "decode(md5(i::text), 'hex')" },
  { type: 'date', value: "date '0044-03-15 BC' + i * 400" },
  { type: 'timestamp', value: "timestamp '2026-01-01 00:00:00.000001' + i * interval '1 microsecond'" },
  { type: 'timestamptz', value: "timestamptz '2026-01-01 00:00:00.000001+00' + i * interval '1 microsecond'" },
  { type: 'timestamp(3)', value: "timestamp '2026-01-01' + i * interval '1 millisecond'" },
  { type: 'time', value: "time '00:00:00.000001' + i * interval '7 microseconds'" },
  { type: 'interval', value: "i * interval '1 hour 1 microsecond'" },
  { type: 'boolean', value: 'i = 1' },
  { type: 'inet', value: "inet '10.0.0.0' + i" },
  { type: 'macaddr', value: "('08:00:2b:01:02:' || lpad(to_hex(i), 2, '0'))::macaddr" },
  { type: 'oid', value: '(4000000000 + i)::oid' },
  { type: 'integer[]', value: 'ARRAY[i % 3, i]' },
  { type: 'jsonb', value: "jsonb_build_object('i', i)" },
  { type: 'name', value: "('n' || i)::name" },
  {
    type: 'mood',
    value: "(ARRAY['low','Ö k','high'])[i]::mood",
    before: `CREATE TYPE mood AS ENUM ('low', 'Ö k', 'high')`,
  },
  { type: 'positive', value: 'i', before: 'CREATE DOMAIN positive AS integer CHECK (VALUE > 0)' },
]
const FEW: Readonly<Record<string, number>> = { boolean: 2, mood: 3 }

describeOnEveryPostgres('keys', (server) => {
  for (const { type, value, before } of KEYS) {
    test(`of type ${type} are walked without missing or repeating a row`, async () => {
      const db = await createDatabase(server)
      const rows = FEW[type] ?? 100
      await db.query(`${before ?? 'SELECT'};
        CREATE TABLE items (id ${type} PRIMARY KEY, n integer NOT NULL DEFAULT 0);
        INSERT INTO items (id) SELECT ${value} FROM generate_series(1, ${rows}) i ORDER BY random()`)
      const { run, events } = await setUpBackfill(db)
      const outcome = await run(countingBackfill({ batchSize: 7 }), { limits: { floor: 1, ceiling: 7 } })
      expect(outcome).toEqual({ state: 'applied', rows })
      expect(await counts(db)).toEqual({ '1': rows })
      expect(events.filter(({ type: of }) => of === 'batch.done').length).toBe(Math.ceil(rows / 7))
    })
  }

  test('under a server, database and role that write dates and floats in other ways', async () => {
    const db = await createDatabase(server)
    await db.query(`ALTER DATABASE ${db.name} SET DateStyle = 'SQL, DMY'; ALTER DATABASE ${db.name} SET TimeZone = 'Asia/Kolkata';
      ALTER DATABASE ${db.name} SET extra_float_digits = -10; ALTER DATABASE ${db.name} SET IntervalStyle = 'sql_standard'`)
    for (const [type, value] of [
      ['timestamptz', "timestamptz '2026-01-01 00:00:00.000001+00' + i * interval '1 microsecond'"],
      ['double precision', '1e15::float8 + i * 0.125'],
    ]) {
      await db.query(`DROP TABLE IF EXISTS items; DROP SCHEMA IF EXISTS phasegate CASCADE;
        CREATE TABLE items (id ${type} PRIMARY KEY, n integer NOT NULL DEFAULT 0);
        INSERT INTO items (id) SELECT ${value} FROM generate_series(1, 100) i`)
      const { run } = await setUpBackfill(db)
      const outcome = await run(countingBackfill({ batchSize: 7 }), { limits: { floor: 1, ceiling: 7 } })
      expect(outcome.state).toBe('applied')
      expect(await counts(db)).toEqual({ '1': 100 })
    }
  })

  test('with huge gaps, in a quoted, non-ASCII, schema-qualified table with names that need quoting', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE SCHEMA "Läger"; CREATE TABLE "Läger"."Wörter ""x""" ("Schlüssel ""1""" bigint PRIMARY KEY, "N" integer DEFAULT 0);
      INSERT INTO "Läger"."Wörter ""x""" SELECT i * 40000000000000 FROM generate_series(-100, 100) i`)
    const { run } = await setUpBackfill(db)
    const outcome = await run(
      countingBackfill({
        table: { schema: 'Läger', name: 'Wörter "x"' },
        set: [{ column: 'N', expression: '"Wörter ""x"""."N" + 1 -- once' }],
        where: '"Schlüssel ""1""" IS NOT NULL -- all',
        batchSize: 20,
      }),
      { limits: { floor: 1, ceiling: 20 } },
    )
    expect(outcome).toEqual({ state: 'applied', rows: 201 })
    expect(await db.query('SELECT DISTINCT "N" FROM "Läger"."Wörter ""x"""')).toEqual([{ N: 1 }])
  })

  test('of a partitioned table, through its parent', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE items (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0) PARTITION BY HASH (id);
      CREATE TABLE items_0 PARTITION OF items FOR VALUES WITH (MODULUS 2, REMAINDER 0);
      CREATE TABLE items_1 PARTITION OF items FOR VALUES WITH (MODULUS 2, REMAINDER 1);
      INSERT INTO items SELECT i FROM generate_series(1, 500) i`)
    const { run } = await setUpBackfill(db)
    expect(await run(countingBackfill())).toEqual({ state: 'applied', rows: 500 })
    expect(await counts(db)).toEqual({ '1': 500 })
  })

  test('of an empty table need no walk: it is applied at once', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE items (id bigint PRIMARY KEY, n integer)')
    const { run } = await setUpBackfill(db)
    expect(await run(countingBackfill())).toEqual({ state: 'applied', rows: 0 })
    expect((await unitRow(db)).detail.verified).toMatchObject({ proof: 'ranges whole', rows: 0 })
  })

  test('are chosen: the primary key, the named column, else the smallest unique one', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE items (a text NOT NULL UNIQUE, b bigint NOT NULL UNIQUE, c integer NOT NULL, d smallint UNIQUE, n integer);
      CREATE UNIQUE INDEX "C key" ON items (c) INCLUDE (n); CREATE UNIQUE INDEX partial ON items (n) WHERE n > 0`)
    const { prepared, target } = await setUpBackfill(db)
    const session = await prepared()
    const choose = async (...key: readonly string[]) =>
      (await target.backfill.inspect(session, countingBackfill(key.length === 0 ? {} : { key }))).key
    expect(await choose()).toEqual({ columns: [{ name: 'c', type: 'integer' }], index: '"C key"', wholeNumbers: true })
    expect(await choose('a')).toMatchObject({ columns: [{ name: 'a', type: 'text' }] })
    await db.query('ALTER TABLE items ADD PRIMARY KEY (b)')
    expect(await choose()).toMatchObject({ columns: [{ name: 'b' }], index: 'items_pkey' })
    await session.close()
  })
})

describeOnEveryPostgres('what cannot be backfilled is refused before anything has run', (server) => {
  const CASES: readonly [string, string, Parameters<typeof countingBackfill>[0], string, RegExp][] = [
    ['a table that is not there', 'SELECT', {}, 'BACKFILL.NO_TABLE', /no table items/],
    ['a view', 'CREATE VIEW items AS SELECT 1 AS id, 0 AS n', {}, 'BACKFILL.NO_TABLE', /is a view/],
    [
      'a materialized view',
      'CREATE MATERIALIZED VIEW items AS SELECT 1 AS id, 0 AS n',
      {},
      'BACKFILL.NO_TABLE',
      /materialized/,
    ],
    [
      'a foreign table',
      "CREATE EXTENSION file_fdw; CREATE SERVER f FOREIGN DATA WRAPPER file_fdw; CREATE FOREIGN TABLE items (id int, n int) SERVER f OPTIONS (filename '/dev/null')",
      {},
      'BACKFILL.NO_TABLE',
      /foreign/,
    ],
    [
      'a parent of inherited tables',
      'CREATE TABLE items (id int PRIMARY KEY, n int); CREATE TABLE more () INHERITS (items)',
      {},
      'BACKFILL.NO_TABLE',
      /inherit/,
    ],
    [
      'a column that is not there',
      'CREATE TABLE items (id int PRIMARY KEY)',
      {},
      'BACKFILL.NO_COLUMN',
      /no column n; items has id/,
    ],
    [
      'a column that only the expression names',
      'CREATE TABLE items (id int PRIMARY KEY, n int)',
      { set: [{ column: 'n', expression: 'm + 1' }] },
      'BACKFILL.NO_COLUMN',
      /"m"/,
    ],
    [
      'a key column that is not there',
      'CREATE TABLE items (id int PRIMARY KEY, n int)',
      { key: ['uid'] },
      'BACKFILL.NO_COLUMN',
      /uid/,
    ],
    [
      'an expression of another type',
      'CREATE TABLE items (id int PRIMARY KEY, n int)',
      { set: [{ column: 'n', expression: 'now()' }] },
      'BACKFILL.EXPRESSION',
      /planned, not run/,
    ],
    [
      'a generated column',
      'CREATE TABLE items (id int PRIMARY KEY, n int GENERATED ALWAYS AS (id) STORED)',
      {},
      'BACKFILL.EXPRESSION',
      /planned/,
    ],
    ['no unique index', 'CREATE TABLE items (id int, n int)', {}, 'BACKFILL.NO_KEY', /no unique index/],
    [
      'a nullable key',
      'CREATE TABLE items (id int UNIQUE, n int)',
      {},
      'BACKFILL.NO_KEY',
      /items_id_key is on id, which may be NULL/,
    ],
    [
      'a partial index',
      'CREATE TABLE items (id int NOT NULL, n int); CREATE UNIQUE INDEX u ON items (id) WHERE id > 0',
      {},
      'BACKFILL.NO_KEY',
      /u is partial/,
    ],
    [
      'an expression index',
      'CREATE TABLE items (id int NOT NULL, n int); CREATE UNIQUE INDEX u ON items ((id + 1))',
      {},
      'BACKFILL.NO_KEY',
      /u is on an expression/,
    ],
    [
      'a composite key of which the backfill changes a column',
      'CREATE TABLE items (id int, n int, PRIMARY KEY (id, n))',
      {},
      'BACKFILL.NO_KEY',
      /items_pkey is on n, which this backfill changes/,
    ],
    [
      'an index in another order',
      'CREATE TABLE items (id text COLLATE "C" NOT NULL, n int); CREATE UNIQUE INDEX u ON items (id COLLATE "POSIX")',
      {},
      'BACKFILL.NO_KEY',
      /order of its column/,
    ],
    [
      'an index with another operator class',
      'CREATE TABLE items (id text NOT NULL, n int); CREATE UNIQUE INDEX u ON items (id text_pattern_ops)',
      {},
      'BACKFILL.NO_KEY',
      /order of its column/,
    ],
    [
      'a key that the backfill changes',
      'CREATE TABLE items (n int PRIMARY KEY)',
      {},
      'BACKFILL.NO_KEY',
      /which this backfill changes/,
    ],
  ]
  for (const [title, sql, change, code, why] of CASES) {
    test(title, async () => {
      const db = await createDatabase(server)
      await db.query(sql)
      const { run } = await setUpBackfill(db)
      const error = await run(countingBackfill(change)).then(
        (outcome) => expect.unreachable(outcome.state),
        (caught: unknown) => caught,
      )
      expect(error).toMatchObject({ code, exit: 2, why: expect.stringMatching(why) })
      expect((error as { next: string[] }).next.length).toBeGreaterThan(0)
      expect(await db.query('SELECT FROM phasegate.unit WHERE migration = $1', [UNIT.migration])).toHaveLength(0)
    })
  }

  test('rows that row security hides from the role', async () => {
    const db = await createDatabase(server)
    const role = `role_${db.name}`
    await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT CREATE ON DATABASE ${db.name} TO ${role};
      CREATE TABLE items (id int PRIMARY KEY, n int); INSERT INTO items SELECT i, 0 FROM generate_series(1, 10) i;
      GRANT SELECT, UPDATE ON items TO ${role};
      ALTER TABLE items ENABLE ROW LEVEL SECURITY; CREATE POLICY half ON items USING (id < 5)`)
    const url = new URL(db.url)
    url.username = role
    url.password = 'x'
    try {
      const { run } = await setUpBackfill({ ...db, url: url.href })
      await expect(run(countingBackfill())).rejects.toMatchObject({ code: 'DATABASE.PERMISSION' })
      expect(await counts(db)).toEqual({ '0': 10 })
    } finally {
      await db.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`)
    }
  })
})

import { expect, test } from 'vitest'
import { createDatabase, describeOnEveryMysql, describeOnMysql, type SharedMysql } from '../support/servers.js'
import { countingBackfill, counts, numbers, setUpBackfill, UNIT } from './backfill-setup.js'

interface KeyType {
  readonly type: string
  /** Values of `i`, from 1 to 100, each another one. */
  readonly value: string
  readonly only?: SharedMysql['family']
}

const words = "CONCAT(CHAR(65 + i % 26), REPEAT('ß', i % 3), IF(i % 2, 'x', 'é'), i)"

const KEYS: readonly KeyType[] = [
  { type: 'tinyint', value: 'i - 50' },
  { type: 'tinyint unsigned', value: 'i + 150' },
  { type: 'smallint', value: 'i * 300 - 20000' },
  { type: 'mediumint unsigned', value: '16777215 - i' },
  { type: 'int', value: 'i * 20000003 - 1000000000' },
  { type: 'int(10) unsigned zerofill', value: '4294967295 - i' },
  { type: 'bigint', value: '-9223372036854775807 + i' },
  { type: 'bigint unsigned', value: '18446744073709551615 - i' },
  { type: 'decimal(40,20)', value: "CONCAT(12345678901234567890 - i, '.0000000000000000000', i % 10)" },
  { type: 'decimal(12,3) unsigned', value: 'i * 1.001' },
  { type: 'date', value: "DATE_ADD('1000-01-01', INTERVAL i * 400 DAY)" },
  { type: 'datetime', value: "DATE_ADD('2026-01-01', INTERVAL i SECOND)" },
  { type: 'datetime(3)', value: "DATE_ADD('2026-01-01', INTERVAL i * 1000 MICROSECOND)" },
  { type: 'datetime(6)', value: "DATE_ADD('2026-01-01 00:00:00.000001', INTERVAL i MICROSECOND)" },
  // The last hour of summer time in many places: there twice, and once in UTC.
  { type: 'timestamp(6)', value: "DATE_ADD('2026-10-25 00:59:59.999950', INTERVAL i MICROSECOND)" },
  { type: 'time(6)', value: "TIMEDIFF('00:00:00.000050', MAKETIME(0, 0, i * 0.000001))" },
  { type: 'year', value: '1901 + i' },
  { type: 'varchar(20) COLLATE utf8mb4_bin', value: words },
  { type: 'varchar(20) COLLATE utf8mb4_general_ci', value: words },
  { type: 'char(20) COLLATE utf8mb4_unicode_ci', value: words },
  { type: 'varchar(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci', value: words },
  { type: 'char(20) CHARACTER SET latin1 COLLATE latin1_general_cs', value: words },
  { type: 'varchar(20) CHARACTER SET utf8mb3', value: words },
  { type: 'varchar(20) CHARACTER SET utf16', value: words },
  { type: 'varchar(20) CHARACTER SET cp932', value: "CONCAT('表ソ', i)" },
  { type: 'varchar(20) CHARACTER SET ascii', value: "CONCAT('\\\\', i, '''\"`')" },
  { type: 'varchar(20) COLLATE utf8mb4_0900_ai_ci', value: words, only: 'mysql' },
  { type: 'varchar(20) COLLATE utf8mb4_uca1400_ai_ci', value: words, only: 'mariadb' },
  { type: 'char(36)', value: 'UUID()' },
  { type: 'binary(16)', value: 'UNHEX(MD5(i))' },
  { type: 'varbinary(20)', value: "CONCAT(UNHEX('00ff5c27'), i, UNHEX('0020'))" },
  { type: 'uuid', value: 'UUID()', only: 'mariadb' },
  { type: 'inet6', value: "CONCAT('2001:db8::', HEX(i))", only: 'mariadb' },
  { type: 'inet4', value: "CONCAT('10.0.0.', i)", only: 'mariadb' },
]

const LIMITS = { limits: { floor: 7, ceiling: 7 } }

describeOnEveryMysql('keys', (server) => {
  for (const { type, value } of KEYS.filter(({ only }) => only === undefined || only === server.family)) {
    test(`of type ${type} are walked without missing or repeating a row`, async () => {
      const db = await createDatabase(server)
      // MySQL 9.6 keeps MD5 in a component.
      const values = server.family === 'mysql' ? value.replace('UNHEX(MD5(i))', 'LEFT(UNHEX(SHA2(i, 256)), 16)') : value
      await db.query(`CREATE TABLE items (id ${type} PRIMARY KEY, n integer NOT NULL DEFAULT 0);
        SET time_zone = '+00:00'; INSERT INTO items (id) SELECT ${values} FROM ${numbers(server.family, 100)} ORDER BY RAND()`)
      const { run, events } = await setUpBackfill(db)
      expect(await run(countingBackfill({ batchSize: 7 }), LIMITS)).toEqual({ state: 'applied', rows: 100 })
      expect(await counts(db)).toEqual({ '1': 100 })
      expect(events.filter(({ type: of }) => of === 'batch.done').length).toBe(Math.ceil(100 / 7))
    })
  }

  test('that are the zero date, or differ in case, accent or a space behind, where their type tells them apart', async () => {
    const sets: readonly (readonly [type: string, values: string])[] = [
      ['date', `('0000-00-00'), ('2026-00-00'), ('2026-01-01')`],
      ['varchar(9) COLLATE utf8mb4_bin', `('a'), ('A'), ('ä'), ('Ä'), ('😀'), ('b'), ('')`],
      ['varbinary(9)', `('a'), ('a '), ('a  '), ('A'), ('')`],
      ...(server.family === 'mysql'
        ? ([['varchar(9) COLLATE utf8mb4_0900_as_cs', `('a'), ('a '), ('a  '), ('A'), ('ä'), ('')`]] as const)
        : ([['varchar(9) COLLATE utf8mb4_nopad_bin', `('a'), ('a '), ('a  '), ('A'), ('ä'), ('')`]] as const)),
    ]
    for (const [type, values] of sets) {
      const db = await createDatabase(server)
      await db.query(`CREATE TABLE items (id ${type} PRIMARY KEY, n integer NOT NULL DEFAULT 0);
        SET sql_mode = 'ALLOW_INVALID_DATES'; INSERT INTO items (id) VALUES ${values}`)
      const { run } = await setUpBackfill(db)
      const rows = values.split('(').length - 1
      const limits = { limits: { floor: 1, ceiling: 1 } }
      expect(await run(countingBackfill({ batchSize: 1 }), limits)).toEqual({ state: 'applied', rows })
      expect(await counts(db)).toEqual({ '1': rows })
    }
  })

  test('of a database whose connections and time zone are others', async () => {
    const db = await createDatabase(server)
    await db.query(`ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_german1_ci;
      CREATE TABLE items (id varchar(20) PRIMARY KEY, n integer NOT NULL DEFAULT 0);
      INSERT INTO items (id) SELECT ${words} FROM ${numbers(server.family, 100)}`)
    const { run } = await setUpBackfill(db)
    expect(await run(countingBackfill({ batchSize: 7 }), LIMITS)).toEqual({ state: 'applied', rows: 100 })
    expect(await counts(db)).toEqual({ '1': 100 })
  })

  test('with huge gaps, in a quoted, non-ASCII, schema-qualified table with names that need quoting', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE \`Wörter "\`\`x\` (\`Schlüssel ?\` bigint PRIMARY KEY, \`N\` integer DEFAULT 0);
      INSERT INTO \`Wörter "\`\`x\` SELECT (i - 101) * 40000000000000, 0 FROM ${numbers(server.family, 201)}`)
    const { run } = await setUpBackfill(db)
    const outcome = await run(
      countingBackfill({
        table: { schema: db.name, name: 'Wörter "`x' },
        set: [{ column: 'n', expression: '`Wörter "``x`.`N` + IF(\'?\' = "?", 1, 5) -- once' }],
        where: '`Schlüssel ?` IS NOT NULL # all',
        batchSize: 20,
      }),
      { limits: { floor: 1, ceiling: 20 } },
    )
    expect(outcome).toEqual({ state: 'applied', rows: 201 })
    expect(await db.query('SELECT DISTINCT N FROM `Wörter "``x`')).toEqual([{ N: 1 }])
  })

  test('of a partitioned table', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE items (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0)
      PARTITION BY HASH (id) PARTITIONS 3;
      INSERT INTO items SELECT i, 0 FROM ${numbers(server.family, 500)}`)
    const { run } = await setUpBackfill(db)
    expect(await run(countingBackfill())).toEqual({ state: 'applied', rows: 500 })
    expect(await counts(db)).toEqual({ '1': 500 })
  })

  test('of an empty table need no walk: it is applied at once', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE items (id bigint PRIMARY KEY, n integer)')
    const { run } = await setUpBackfill(db)
    expect(await run(countingBackfill())).toEqual({ state: 'applied', rows: 0 })
  })

  test('that are not the primary key are walked by too, whatever the primary key is', async () => {
    for (const primary of ['', ', PRIMARY KEY (a, b)']) {
      const db = await createDatabase(server)
      await db.query(`CREATE TABLE items (a integer NOT NULL, b integer NOT NULL, code varchar(10) NOT NULL UNIQUE,
          n integer NOT NULL DEFAULT 0, doubled integer, KEY (n)${primary});
        INSERT INTO items (a, b, code) SELECT i, i, CONCAT('c', i) FROM ${numbers(server.family, 300)}`)
      const { run } = await setUpBackfill(db)
      const some = countingBackfill({ batchSize: 20, where: 'a % 2 = 0' })
      expect(await run(some)).toEqual({ state: 'applied', rows: 150 })
      expect(await counts(db)).toEqual({ '0': 150, '1': 150 })
    }
  })

  test('are chosen: the primary key, the named column, else the smallest unique one', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE items (a varchar(20) NOT NULL UNIQUE, b bigint NOT NULL UNIQUE, c integer NOT NULL,
      d smallint UNIQUE, n integer); CREATE UNIQUE INDEX \`C key\` ON items (c)`)
    const { prepared, target } = await setUpBackfill(db)
    const session = await prepared()
    const choose = async (...key: readonly string[]) =>
      (await target.backfill.inspect(session, countingBackfill(key.length === 0 ? {} : { key }))).key
    expect(await choose()).toMatchObject({ columns: [{ name: 'c' }], index: 'C key' })
    expect(await choose('A')).toMatchObject({
      columns: [{ name: 'a', type: expect.stringMatching(/^varchar\(20\) CHARACTER SET utf8mb4 COLLATE/) }],
    })
    await db.query('ALTER TABLE items ADD PRIMARY KEY (b)')
    expect(await choose()).toMatchObject({ columns: [{ name: 'b' }], index: 'PRIMARY' })
    await session.close()
  })
})

type Refused = readonly [
  title: string,
  sql: string,
  change: Parameters<typeof countingBackfill>[0],
  code: string,
  why: RegExp,
]

const REFUSED: readonly Refused[] = [
  ['a table that is not there', 'SELECT 1', {}, 'BACKFILL.NO_TABLE', /no table items/],
  ['a view', 'CREATE VIEW items AS SELECT 1 AS id, 0 AS n', {}, 'BACKFILL.NO_TABLE', /is a view/],
  [
    'a table without transactions',
    'CREATE TABLE items (id int PRIMARY KEY, n int) ENGINE = MyISAM',
    {},
    'BACKFILL.NO_TABLE',
    /kept by MyISAM/,
  ],
  [
    'a table in memory',
    'CREATE TABLE items (id int PRIMARY KEY, n int) ENGINE = MEMORY',
    {},
    'BACKFILL.NO_TABLE',
    /kept by MEMORY/,
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
    /'m'/,
  ],
  [
    'a column that only the condition names',
    'CREATE TABLE items (id int PRIMARY KEY, n int)',
    { where: 'm IS NULL' },
    'BACKFILL.NO_COLUMN',
    /'m'/,
  ],
  [
    'a key column that is not there',
    'CREATE TABLE items (id int PRIMARY KEY, n int)',
    { key: ['uid'] },
    'BACKFILL.NO_COLUMN',
    /uid/,
  ],
  [
    'a function that is not there',
    'CREATE TABLE items (id int PRIMARY KEY, n int)',
    { set: [{ column: 'n', expression: 'no_such(id)' }] },
    'BACKFILL.EXPRESSION',
    /planned, not run/,
  ],
  [
    'a generated column',
    'CREATE TABLE items (id int PRIMARY KEY, n int GENERATED ALWAYS AS (id) STORED)',
    {},
    'BACKFILL.EXPRESSION',
    /generated column/,
  ],
  [
    'expressions that read each other’s columns',
    'CREATE TABLE items (id int PRIMARY KEY, n int, m int)',
    {
      set: [
        { column: 'n', expression: 'm' },
        { column: 'm', expression: 'n' },
      ],
    },
    'BACKFILL.EXPRESSION',
    /from left to right/,
  ],
  ['no unique index', 'CREATE TABLE items (id int, n int, KEY (id))', {}, 'BACKFILL.NO_KEY', /no unique index/],
  [
    'a nullable key',
    'CREATE TABLE items (id int UNIQUE, n int)',
    {},
    'BACKFILL.NO_KEY',
    /id is on id, which may be NULL/,
  ],
  [
    'a key of a prefix',
    'CREATE TABLE items (id varchar(100) NOT NULL, n int, UNIQUE KEY u (id(10)))',
    {},
    'BACKFILL.NO_KEY',
    /u holds a prefix of id/,
  ],
  [
    'a composite key of which the backfill changes a column',
    'CREATE TABLE items (id int, n int, PRIMARY KEY (id, n))',
    {},
    'BACKFILL.NO_KEY',
    /PRIMARY is on n, which this backfill changes/,
  ],
  [
    'an enum as a key',
    "CREATE TABLE items (id enum('b', 'a') PRIMARY KEY, n int)",
    {},
    'BACKFILL.NO_KEY',
    /ordered by number and compared by text/,
  ],
  ['a bit as a key', 'CREATE TABLE items (id bit(8) PRIMARY KEY, n int)', {}, 'BACKFILL.NO_KEY', /compared by bytes/],
  ['a float as a key', 'CREATE TABLE items (id float PRIMARY KEY, n int)', {}, 'BACKFILL.NO_KEY', /not exact/],
  ['a double as a key', 'CREATE TABLE items (id double PRIMARY KEY, n int)', {}, 'BACKFILL.NO_KEY', /not exact/],
  [
    'a key that the backfill changes',
    'CREATE TABLE items (N int PRIMARY KEY)',
    {},
    'BACKFILL.NO_KEY',
    /which this backfill changes/,
  ],
]

async function expectRefusal(server: SharedMysql, [, sql, change, code, why]: Refused): Promise<void> {
  const db = await createDatabase(server)
  await db.query(sql)
  const { run } = await setUpBackfill(db)
  const error = await run(countingBackfill(change)).then(
    (outcome) => expect.unreachable(outcome.state),
    (caught: unknown) => caught,
  )
  expect(error).toMatchObject({ code, exit: 2 })
  const { message, next, why: reason } = error as { message: string; why: string; next: string[] }
  expect(`${message} ${reason}`).toMatch(why)
  expect(next.length).toBeGreaterThan(0)
  expect(await db.query(`SELECT 1 FROM phasegate_unit WHERE migration = '${UNIT.migration}'`)).toHaveLength(0)
}

describeOnEveryMysql('what cannot be backfilled is refused before anything has run', (server) => {
  for (const refused of REFUSED) test(refused[0], () => expectRefusal(server, refused))
  test('an index that is hidden from the optimizer', () =>
    expectRefusal(server, [
      '',
      `CREATE TABLE items (id int, n int, PRIMARY KEY (id, n),
         UNIQUE KEY u (id) ${server.family === 'mysql' ? 'INVISIBLE' : 'IGNORED'})`,
      {},
      'BACKFILL.NO_KEY',
      /u is hidden/,
    ]))
})

describeOnMysql('mysql', 'what cannot be backfilled is refused before anything has run', (server) => {
  test('an expression index', () =>
    expectRefusal(server, [
      '',
      'CREATE TABLE items (id int NOT NULL, n int, UNIQUE KEY u ((id + 1)))',
      {},
      'BACKFILL.NO_KEY',
      /u is on an expression/,
    ]))
  test('an expression that reads the table itself in a subquery', () =>
    expectRefusal(server, [
      '',
      'CREATE TABLE items (id int PRIMARY KEY, n int)',
      { set: [{ column: 'n', expression: '(SELECT MAX(other.n) FROM items AS other)' }] },
      'BACKFILL.EXPRESSION',
      /items/,
    ]))
})

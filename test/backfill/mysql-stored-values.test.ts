import { compareBackfill } from '@phasegate/backfill'
import { systemClock } from '@phasegate/core'
import { expect, test } from 'vitest'
import { createDatabase, describeOnEveryMysql, type SharedMysql } from '../support/servers.js'
import { comparableBackfill, numbers, setUpBackfill, unitRow } from './backfill-setup.js'

interface StoredType {
  readonly type: string
  /** Of another type, precision, length or character set than the column wherever the server takes it. `n` is 1 to 50. */
  readonly expression: string
  /** Another value of the column, as near to the right one of n = 7 as the type allows. */
  readonly wrong: string
  readonly only?: SharedMysql['family']
}

const TYPES: readonly StoredType[] = [
  { type: 'tinyint', expression: 'n + 0.5', wrong: 'v + 1' },
  { type: 'smallint unsigned', expression: "CONCAT(n, '.5')", wrong: 'v + 1' },
  { type: 'int', expression: '(n + 0.5) * 1e0', wrong: 'v - 1' },
  { type: 'bigint', expression: '-9223372036854775807 + n', wrong: 'v + 1' },
  { type: 'bigint unsigned', expression: '18446744073709551615 - n', wrong: 'v + 1' },
  { type: 'decimal(5,1)', expression: 'n / 3', wrong: 'v + 0.1' },
  { type: 'decimal(30,20)', expression: '1 / n', wrong: 'v + 0.00000000000000000001' },
  { type: 'float', expression: 'n / 3', wrong: 'v * 1.0000002' },
  { type: 'float', expression: '0.1 * n', wrong: 'NULL' },
  { type: 'double', expression: 'n / 3e0', wrong: 'v * 1.0000000000000003' },
  { type: 'bit(10)', expression: 'n', wrong: 'v ^ 1' },
  { type: 'boolean', expression: 'n % 2 = 0', wrong: '1 - v' },
  { type: 'year', expression: 'CONCAT(1970 + n)', wrong: 'v + 1' },
  { type: 'date', expression: "DATE_ADD('2026-01-01', INTERVAL n * 86400 SECOND)", wrong: 'v + INTERVAL 1 DAY' },
  {
    type: 'datetime',
    expression: "DATE_ADD('2026-01-01 00:00:00.9', INTERVAL n SECOND)",
    wrong: 'v + INTERVAL 1 SECOND',
  },
  {
    type: 'datetime(3)',
    expression: "DATE_ADD('2026-01-01 00:00:00.000500', INTERVAL n MICROSECOND)",
    wrong: 'v + INTERVAL 1000 MICROSECOND',
  },
  {
    type: 'datetime(6)',
    expression: "DATE_ADD('2026-01-01 00:00:00.000500', INTERVAL n MICROSECOND)",
    wrong: 'v + INTERVAL 1 MICROSECOND',
  },
  {
    type: 'timestamp(2) NULL',
    expression: "DATE_ADD('2026-03-29 02:30:00.005', INTERVAL n SECOND)",
    wrong: 'v + INTERVAL 10000 MICROSECOND',
  },
  { type: 'time(1)', expression: "ADDTIME('10:00:00.05', SEC_TO_TIME(n))", wrong: "ADDTIME(v, '00:00:00.1')" },
  { type: 'char(5)', expression: "CONCAT('é', n, '  ')", wrong: 'UPPER(v)' },
  { type: 'varchar(9) COLLATE utf8mb4_general_ci', expression: "CONCAT('a', n, ' ')", wrong: 'UPPER(v)' },
  { type: 'varchar(8) COLLATE utf8mb4_general_ci', expression: "CONCAT('a', n, ' ')", wrong: 'TRIM(v)' },
  { type: 'varchar(7) COLLATE utf8mb4_general_ci', expression: "CONCAT('a', n)", wrong: "REPLACE(v, 'a', 'ä')" },
  { type: 'varchar(9) CHARACTER SET latin1', expression: "CONCAT('é', n)", wrong: "REPLACE(v, 'é', 'e')" },
  { type: 'varchar(9) CHARACTER SET latin1', expression: 'n * 1.50', wrong: "CONCAT(v, ' ')" },
  { type: 'varchar(9) CHARACTER SET utf16', expression: "CONVERT(CONCAT('é', n) USING latin1)", wrong: 'UPPER(v)' },
  { type: 'varchar(40)', expression: 'n / 3e0', wrong: "CONCAT(v, '0')" },
  { type: 'varchar(40)', expression: "DATE_ADD('2026-01-01 00:00:00.5', INTERVAL n SECOND)", wrong: "CONCAT(v, ' ')" },
  { type: 'text', expression: "REPEAT(CONCAT('ß', n), 100)", wrong: "REPLACE(v, 'ß', 's')" },
  { type: 'longtext COLLATE utf8mb4_bin', expression: "CONCAT(n, ' ')", wrong: 'TRIM(v)' },
  { type: 'binary(4)', expression: 'n', wrong: "INSERT(v, 4, 1, ' ')" },
  { type: 'varbinary(9)', expression: "CONCAT(n, ' ')", wrong: 'TRIM(v)' },
  { type: 'blob', expression: "CONVERT(CONCAT('é', n) USING latin1)", wrong: 'CONCAT(v, 0x00)' },
  { type: "enum('b', 'a', 'A b', 'é')", expression: '1 + n % 4', wrong: '1' },
  { type: "enum('b', 'a')", expression: "IF(n % 2, 'a', 'b')", wrong: '1' },
  { type: "set('x', 'y', 'z')", expression: "IF(n % 2, 'z,x', 3)", wrong: '7' },
  { type: 'json', expression: "JSON_OBJECT('n', n, 'é', JSON_ARRAY(n, n / 2))", wrong: "JSON_SET(v, '$.n', 8)" },
  { type: 'json', expression: `CONCAT('{"b":  1, "a": ', n, '}')`, wrong: "JSON_REMOVE(v, '$.b')" },
  { type: 'point', expression: 'POINT(n, n / 3)', wrong: 'POINT(ST_X(v), ST_Y(v) + 1e-15)' },
  { type: 'geometry', expression: "ST_GeomFromText(CONCAT('LINESTRING(0 0, 1 ', n, ')'))", wrong: 'POINT(0, 0)' },
  {
    type: 'vector(2)',
    expression: "STRING_TO_VECTOR(CONCAT('[1, ', n, ']'))",
    wrong: "STRING_TO_VECTOR('[1, 7.000001]')",
    only: 'mysql',
  },
  {
    type: 'uuid',
    expression: "CONCAT('00000000-0000-0000-0000-0000000000', LPAD(n, 2, '0'))",
    wrong: "'00000000-0000-0000-0000-000000000017'",
    only: 'mariadb',
  },
  { type: 'inet6', expression: "CONCAT('2001:DB8:0::', n)", wrong: "'2001:db8::8'", only: 'mariadb' },
]

describeOnEveryMysql('values are compared as they are stored', (server) => {
  for (const { type, expression, wrong } of TYPES.filter(({ only }) => only === undefined || only === server.family)) {
    test(`${type} from ${expression}`, async () => {
      const db = await createDatabase(server)
      await db.query(`CREATE TABLE items (id integer PRIMARY KEY, n integer, v ${type});
        INSERT INTO items (id, n) SELECT i, i FROM ${numbers(server.family, 50)}`)
      const { run, target } = await setUpBackfill(db)
      const backfill = comparableBackfill({ set: [{ column: 'v', expression }], batchSize: 20 })
      expect(await run(backfill)).toEqual({ state: 'applied', rows: 50 })
      expect((await unitRow(db)).detail.verified).toMatchObject({ proof: 'compared', passes: 1 })

      await db.query(`SET NAMES utf8mb4; UPDATE items SET v = ${wrong} WHERE id = 7`)
      const comparison = await compareBackfill({
        target,
        backfill,
        openSession: () => target.openSession('verify'),
        clock: systemClock,
        mismatchDelayMs: 1,
      })
      expect(comparison).toEqual({ mismatches: 1, sampleKeys: ['7'], rows: 50 })
      // The catch-up pass finds it and writes that row alone.
      await db.query(`UPDATE phasegate_unit SET state = 'verifying'`)
      expect(await run(backfill)).toEqual({ state: 'applied', rows: 51 })
    })
  }

  test('of several columns, where expressions hold subqueries, comments and question marks', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE items (id integer PRIMARY KEY, n integer, a varchar(20), b integer, c bigint);
      CREATE TABLE parts (item integer, size integer, KEY (item));
      INSERT INTO items (id, n) SELECT i, i FROM ${numbers(server.family, 50)};
      INSERT INTO parts SELECT i, i FROM ${numbers(server.family, 50)}; INSERT INTO parts SELECT item, 5 FROM parts`)
    const { run } = await setUpBackfill(db)
    const backfill = comparableBackfill({
      set: [
        { column: 'a', expression: `CONCAT('?', items.n, "?") -- ?` },
        { column: 'b', expression: '(SELECT SUM(parts.size) FROM parts WHERE parts.item = items.id)' },
        { column: 'c', expression: '(SELECT COUNT(*) FROM parts) /* all */' },
      ],
      where: 'id > 10 AND EXISTS (SELECT 1 FROM parts WHERE parts.item = id) # ?',
    })
    expect(await run(backfill)).toEqual({ state: 'applied', rows: 40 })
    expect(await db.query('SELECT * FROM items WHERE id = 20')).toEqual([{ id: 20, n: 20, a: '?20?', b: 25, c: 100 }])
  })

  test('and what contract asks for is only that none is missing', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE items (id integer PRIMARY KEY, n integer, v integer);
      INSERT INTO items SELECT i, IF(i = 9, NULL, i), IF(i IN (7, 9), NULL, -1) FROM ${numbers(server.family, 50)}`)
    const { target } = await setUpBackfill(db)
    const comparison = await compareBackfill({
      target,
      backfill: comparableBackfill({ set: [{ column: 'v', expression: 'n' }] }),
      compared: 'missing',
      openSession: () => target.openSession('verify'),
      clock: systemClock,
      mismatchDelayMs: 1,
    })
    expect(comparison).toEqual({ mismatches: 1, sampleKeys: ['7'], rows: 50 })
  })
})

describeOnEveryMysql('assignments', (server) => {
  test('all see the old row, in whatever order they are written', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE items (id integer PRIMARY KEY, a integer, B integer, c integer);
      INSERT INTO items SELECT i, i, 0, 0 FROM ${numbers(server.family, 50)}`)
    const { run } = await setUpBackfill(db)
    const outcome = await run(
      comparableBackfill({
        set: [
          { column: 'a', expression: 'a + 1000' },
          { column: 'b', expression: 'a * 2' },
          { column: 'c', expression: '`B` + A' },
        ],
        once: true,
        comparable: false,
      }),
    )
    expect(outcome).toEqual({ state: 'applied', rows: 50 })
    expect(await db.query('SELECT * FROM items WHERE id = 7')).toEqual([{ id: 7, a: 1007, B: 14, c: 7 }])
  })
})

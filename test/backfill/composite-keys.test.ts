import { compareBackfill } from '@phasegate/backfill'
import { systemClock } from '@phasegate/core'
import { expect, test } from 'vitest'
import { createRandom } from '../support/seed.js'
import { type AnyDatabase, createDatabase, describeOnEveryServer } from '../support/servers.js'
import { comparableBackfill, countingBackfill, counts, numbers, setUpBackfill } from './backfill-setup.js'

/** A key column: its definition and its value for `i`, from 1. */
type Column = readonly [type: string, value: string]

interface Composite {
  readonly what: string
  readonly columns: readonly Column[]
  /** Of the index, where it is not the primary key: `k0 DESC, k1 DESC`. */
  readonly unique?: string
  readonly only?: AnyDatabase['family']
}

const common: readonly Composite[] = [
  {
    what: 'two whole numbers, of which one is mostly the same',
    columns: [
      ['int', 'CASE WHEN i % 20 = 0 THEN i % 7 ELSE 3 END'],
      ['bigint', '9007199254740993 + i * 40000000000'],
    ],
  },
  {
    what: 'three columns with few values each',
    columns: [
      ['smallint', 'i % 3'],
      ['int', 'i % 5'],
      ['int', '1000 - i'],
    ],
  },
  {
    what: 'a decimal and a date',
    columns: [
      ['decimal(20,4)', 'i % 4 + 0.0001'],
      ['date', `{date} + {days}`],
    ],
  },
  {
    what: 'a text with quotes, backslashes and brackets, and a number',
    columns: [
      ['varchar(40)', `concat('["', i % 3, '", \\\\', '''ß😀')`],
      ['int', '-i'],
    ],
  },
  {
    what: 'two columns that descend',
    columns: [
      ['int', 'i % 4'],
      ['int', 'i'],
    ],
    unique: 'k0 DESC, k1 DESC',
  },
  {
    what: 'a unique index in place of a primary key',
    columns: [
      ['varchar(10)', "concat('t', i % 3)"],
      ['int', 'i'],
    ],
    unique: 'k1, k0',
  },
]

const postgres: readonly Composite[] = [
  {
    what: 'a UUID and a microsecond',
    columns: [
      ['uuid', 'md5((i % 5)::text)::uuid'],
      ['timestamptz', "timestamptz '2026-01-01 00:00:00.000001+00' + i * interval '1 microsecond'"],
    ],
  },
  {
    what: 'a case-insensitive text and a number',
    columns: [
      ['citext', "CASE WHEN i % 2 = 0 THEN 'Key' ELSE 'kEY' END"],
      ['int', 'i'],
    ],
  },
  {
    what: 'a text of a collation that takes two spellings for one, and a number',
    columns: [
      ['text COLLATE loose', "(ARRAY['Key','kEY','key '])[1 + i % 3]"],
      ['int', 'i'],
    ],
  },
  {
    what: 'padded characters and bytes',
    columns: [
      ['char(8)', "'k' || i % 3"],
      ['bytea', "decode(md5(i::text), 'hex')"],
    ],
  },
]

const mysql: readonly Composite[] = [
  {
    what: 'unsigned 64 bits and a microsecond',
    columns: [
      ['bigint unsigned', '18446744073709551615 - i % 4'],
      ['datetime(6)', "DATE_ADD('2026-01-01 00:00:00.000001', INTERVAL i MICROSECOND)"],
    ],
  },
  {
    what: 'a case-insensitive text and a number',
    columns: [
      ['varchar(20) COLLATE utf8mb4_general_ci', "IF(i % 2, 'KEY é', 'key E')"],
      ['int', 'i'],
    ],
  },
  {
    what: 'a padded text and bytes',
    columns: [
      ['char(20) CHARACTER SET latin1', "CONCAT('Ä', i % 3)"],
      ['varbinary(20)', "CONCAT(UNHEX('00ff5c27'), i, UNHEX('0020'))"],
    ],
  },
  {
    what: 'a text that loses on the way through Unicode, and a number',
    columns: [
      ['varchar(20) CHARACTER SET cp932', "CONCAT('表ソ', i % 5)"],
      ['int', 'i'],
    ],
  },
  {
    what: 'a UUID and a number',
    columns: [
      ['uuid', "CONCAT('00000000-0000-4000-8000-00000000000', i % 5)"],
      ['int', 'i'],
    ],
    only: 'mariadb',
  },
]

const ROWS = 100
const LIMITS = { limits: { floor: 7, ceiling: 7 } }

async function fill(db: AnyDatabase, { columns, unique }: Composite): Promise<void> {
  const postgresServer = db.family === 'postgres'
  const dates = postgresServer
    ? { date: "date '1582-10-04'", days: 'i * 400' }
    : { date: "CAST('1582-10-04' AS date)", days: 'INTERVAL i * 400 DAY' }
  const values = columns.map(([, value]) => {
    const text = value.replace('{date}', dates.date).replace('{days}', dates.days)
    return postgresServer ? text.replace('\\\\', '\\') : text
  })
  if (postgresServer)
    await db.query(`CREATE EXTENSION citext;
      CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1-ka-shifted', deterministic = false)`)
  const names = columns.map((_, position) => `k${position}`)
  const definitions = columns.map(([type], position) => `k${position} ${type} NOT NULL`)
  await db.query(`CREATE TABLE items (${definitions.join(', ')}, n int NOT NULL DEFAULT 0, doubled int
      ${unique === undefined ? `, PRIMARY KEY (${names.join(', ')})` : ''});
    ${unique === undefined ? '' : `CREATE UNIQUE INDEX items_key ON items (${unique});`}
    INSERT INTO items (${names.join(', ')}) SELECT ${values.join(', ')} FROM ${numbers(db.family, ROWS)}
    ORDER BY ${postgresServer ? 'random()' : 'RAND()'}`)
}

describeOnEveryServer('a composite key', (server) => {
  const cases = [...common, ...(server.family === 'postgres' ? postgres : mysql)].filter(
    ({ only }) => only === undefined || only === server.family,
  )

  test.each(cases)('of $what is walked exactly once, and a wrong row is found by it', async (composite) => {
    const db = await createDatabase(server)
    await fill(db, composite)
    const { run, events, target } = await setUpBackfill(db)
    expect(await run(countingBackfill({ batchSize: 7 }), LIMITS)).toEqual({ state: 'applied', rows: ROWS })
    expect(await counts(db)).toEqual({ '1': ROWS })
    expect(events.filter(({ type }) => type === 'batch.done').length).toBe(Math.ceil(ROWS / 7))

    await db.query(`UPDATE items SET doubled = 2`)
    const key = (composite.unique ?? composite.columns.map((_, at) => `k${at}`).join(', ')).replaceAll(' DESC', '')
    const compare = () =>
      compareBackfill({
        target,
        backfill: comparableBackfill({ batchSize: 7 }),
        openSession: () => target.openSession('compare'),
        clock: systemClock,
        mismatchDelayMs: 1,
        ...LIMITS,
      })
    expect(await compare()).toEqual({ mismatches: 0, sampleKeys: [], rows: ROWS })
    const last = composite.columns.length - 1
    const lowest = `FROM items ORDER BY k${last} LIMIT 1`
    const [planted] = await db.query(`SELECT ${key} ${lowest}`)
    await db.query(
      `UPDATE items SET doubled = 3 WHERE k${last} = (SELECT k FROM (SELECT k${last} AS k ${lowest}) AS m)`,
    )
    const { mismatches, sampleKeys } = await compare()
    expect(mismatches).toBe(1)
    const sample = JSON.parse(sampleKeys[0] ?? '[]') as string[]
    expect(sample).toHaveLength(composite.columns.length)
    for (const [position, name] of key.split(', ').entries()) {
      const value = planted?.[name]
      if (typeof value === 'number') expect(sample[position]).toBe(String(value))
    }
  })

  test('of which one value has nearly all rows is walked while rows come and go', async () => {
    const db = await createDatabase(server)
    const random = createRandom('composite keys, rows come and go')
    await db.query(`CREATE TABLE items (tenant int, id bigint, n int NOT NULL DEFAULT 0, born int NOT NULL DEFAULT 0, PRIMARY KEY (tenant, id));
      INSERT INTO items (tenant, id) SELECT CASE WHEN i % 20 = 0 THEN i % 7 ELSE 3 END, i * 10 FROM ${numbers(db.family, 6000)}`)
    const { run } = await setUpBackfill(db)
    let ended = false
    const running = run(countingBackfill({ batchSize: 50 }), { limits: { floor: 50, ceiling: 50 } }).finally(() => {
      ended = true
    })
    let changes = 0
    for (; !ended || changes < 5; changes++) {
      const id = Math.floor(random.next() * 60_000)
      await db.query(`DELETE FROM items WHERE tenant = 3 AND id BETWEEN ${id} AND ${id + 30} AND born = 0`)
      const born = `${Math.floor(random.next() * 8)}, ${id * 10 + 1 + (changes % 9)}, 1`
      await db.query(`INSERT INTO items (tenant, id, born) VALUES (${born})`).catch((error: Error) => {
        if (!/duplicate/i.test(error.message)) throw error
      })
    }
    expect((await running).state).toBe('applied')
    const rows = await db.query('SELECT born, n, COUNT(*) AS total FROM items GROUP BY born, n')
    const untouched = rows.filter((row) => Number(row.born) === 0 && Number(row.n) !== 1)
    const twice = rows.filter((row) => Number(row.n) > 1)
    expect({ untouched, twice }).toEqual({ untouched: [], twice: [] })
    expect(changes).toBeGreaterThan(4)
  })
})

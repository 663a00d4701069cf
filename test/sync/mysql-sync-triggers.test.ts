import { defineMigration, type MigrationDefinition, sql } from '@phasegate/core'
import { mariadbDialect, mysqlDialect } from '@phasegate/mysql'
import { describe, expect, test } from 'vitest'
import { createDatabase, describeOnEveryMysql, type MysqlDatabase } from '../support/servers.js'

type Sync = Exclude<NonNullable<MigrationDefinition['sync']>, readonly unknown[]>

const FORWARD: Sync = { table: 'users', forward: { email_verified: sql`verified_at IS NOT NULL` } }
const BOTH_WAYS: Sync = {
  ...FORWARD,
  backward: { verified_at: sql`CASE WHEN email_verified THEN TIMESTAMP'2026-11-22 00:00:00' END` },
}
const BACKFILL = 'UPDATE users SET email_verified = (verified_at IS NOT NULL) WHERE email_verified IS NULL'
const USERS = 'CREATE TABLE users (id int PRIMARY KEY, name text, verified_at datetime(6), email_verified boolean)'

describeOnEveryMysql('sync triggers', (server) => {
  const dialect = server.family === 'mysql' ? mysqlDialect : mariadbDialect

  async function steps(sync: Sync | readonly Sync[], unit: 'expand' | 'contract' = 'expand') {
    const definition = defineMigration({ appUses: 'both', sync, contract: () => [] })
    const migration = { format: 'typescript', name: '20261122093000_sync', file: 'sync.ts', definition } as const
    const options = { serverVersion: server.version, batchSize: 1000, batchTime: 250 }
    return (await dialect.compile(migration, options)).units[unit]!.steps
  }

  /** As a runner does: what a step's precondition says keeps it from running. */
  async function run(db: MysqlDatabase, sync: Sync | readonly Sync[], unit?: 'contract'): Promise<void> {
    const connection = await db.open()
    await connection.query(
      "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO', time_zone = '+00:00'",
    )
    for (const { statement, execution } of await steps(sync, unit)) {
      if (execution.precondition !== undefined) {
        const [problem] = await connection.query(execution.precondition)
        if (problem !== undefined) throw new Error(JSON.stringify(problem))
      }
      await connection.query(statement)
    }
    await connection.close()
  }

  /** A database with these tables and the sync in place. */
  async function withSync(sync: Sync | readonly Sync[], ...tables: readonly string[]): Promise<MysqlDatabase> {
    const db = await createDatabase(server)
    for (const table of tables) await db.query(table)
    await run(db, sync)
    return db
  }

  /** `users`, two rows of which one is verified, and the sync in place. */
  const withUsers = (sync: Sync): Promise<MysqlDatabase> =>
    withSync(sync, USERS, `INSERT INTO users (id, verified_at) VALUES (1, '2020-01-01'), (2, NULL)`)

  /** `1 2020 1`, a line a row. */
  async function rows(db: MysqlDatabase): Promise<readonly string[]> {
    const found = await db.query<{ line: string }>(`
      SELECT CONCAT_WS(' ', id, COALESCE(YEAR(verified_at), 'null'), COALESCE(email_verified, 'null')) AS line
      FROM users ORDER BY id`)
    return found.map(({ line }) => line)
  }

  describe('with forward', () => {
    test('fill the new column for old writers, and leave rows that they do not touch to the backfill', async () => {
      const db = await withUsers(FORWARD)
      await db.query(`UPDATE users SET name = 'x'`)
      expect(await rows(db)).toEqual(['1 2020 null', '2 null null'])
      await db.query(`INSERT INTO users (id, verified_at) VALUES (3, '2021-01-01'), (4, NULL)`)
      await db.query(`UPDATE users SET verified_at = '2022-01-01' WHERE id = 2`)
      expect(await rows(db)).toEqual(['1 2020 null', '2 2022 1', '3 2021 1', '4 null 0'])
      await db.query('UPDATE users SET verified_at = NULL WHERE id IN (1, 3)')
      expect(await rows(db)).toEqual(['1 null 0', '2 2022 1', '3 null 0', '4 null 0'])
    })

    test('take a column that is named in two cases for one', async () => {
      const twice: Sync = {
        table: 'users',
        forward: { email_verified: sql`Verified_At IS NOT NULL OR VERIFIED_AT > 0` },
      }
      const db = await withUsers(twice)
      await db.query(`INSERT INTO users (id, verified_at) VALUES (3, '2021-01-01')`)
      await db.query(`UPDATE users SET Verified_at = NULL WHERE id = 1`)
      expect(await rows(db)).toEqual(['1 null null', '2 null null', '3 2021 1'])
    })

    test('leave to new writers what they write', async () => {
      const db = await withUsers(FORWARD)
      await db.query('INSERT INTO users (id, email_verified) VALUES (3, true), (4, false)')
      await db.query('UPDATE users SET email_verified = false WHERE id = 1')
      await db.query(`UPDATE users SET name = 'x'`)
      expect(await rows(db)).toEqual(['1 2020 0', '2 null null', '3 null 1', '4 null 0'])
    })

    test('follow the old side where both were changed and disagree', async () => {
      const db = await withUsers(FORWARD)
      await db.query('UPDATE users SET verified_at = NULL, email_verified = true WHERE id = 1')
      expect((await rows(db))[0]).toBe('1 null 0')
    })

    test('see a change of case, of trailing blanks and of the last bits of a FLOAT', async () => {
      const db = await withSync(
        { table: 'p', forward: { copy: sql`name`, half: sql`size / 2` } },
        'CREATE TABLE p (name varchar(9) COLLATE utf8mb4_general_ci, copy varchar(9), size float, half double)',
        `INSERT INTO p VALUES ('ada', 'ada', 16777216, 8388608)`,
      )
      const stored = async (): Promise<unknown> =>
        (await db.query(`SELECT CONCAT('<', copy, '> ', half) AS now_stored FROM p`))[0]!.now_stored
      await db.query(`UPDATE p SET name = 'Ada'`)
      expect(await stored()).toBe('<Ada> 8388608')
      await db.query(`UPDATE p SET name = 'Ada ', size = 16777218`)
      expect(await stored()).toBe('<Ada > 8388609')
    })
  })

  describe('with backward', () => {
    test('keep every original value under a backfill', async () => {
      const db = await createDatabase(server)
      await db.query(USERS)
      const values = Array.from({ length: 1000 }, (_, i) => `(${i}, '2001-02-03 04:05:06.${String(789_000 + i)}')`)
      await db.query(`INSERT INTO users (id, verified_at) VALUES ${values.join(', ')}, (1000, NULL)`)
      await run(db, BOTH_WAYS)
      const before = await db.query('SELECT id, verified_at FROM users ORDER BY id')
      await db.query(BACKFILL)
      expect(await db.query('SELECT id, verified_at FROM users ORDER BY id')).toEqual(before)
      expect(await db.query('SELECT id FROM users WHERE NOT email_verified <=> (verified_at IS NOT NULL)')).toEqual([])
    })

    test('carry what new writers write to the old side', async () => {
      const db = await withUsers(BOTH_WAYS)
      await db.query('INSERT INTO users (id, email_verified) VALUES (3, true), (4, false)')
      await db.query('UPDATE users SET email_verified = false WHERE id = 1')
      await db.query('UPDATE users SET email_verified = true WHERE id = 2')
      expect(await rows(db)).toEqual(['1 null 0', '2 2026 1', '3 2026 1', '4 null 0'])
    })

    test('keep the old value where a new writer says what it says already', async () => {
      const db = await withUsers(BOTH_WAYS)
      await db.query('UPDATE users SET email_verified = true WHERE id = 1')
      await db.query('UPDATE users SET email_verified = email_verified, verified_at = verified_at')
      expect((await rows(db))[0]).toBe('1 2020 1')
    })

    test('let values stand that one INSERT gives for both sides', async () => {
      const db = await withUsers(BOTH_WAYS)
      await db.query(`INSERT INTO users VALUES (3, 'x', '2021-01-01', false)`)
      expect((await rows(db))[2]).toBe('3 2021 0')
    })

    test('work for INSERT … ON DUPLICATE KEY UPDATE and REPLACE of old and new writers', async () => {
      const db = await withUsers(BOTH_WAYS)
      await db.query(`INSERT INTO users (id, verified_at) VALUES (2, '2021-01-01')
        ON DUPLICATE KEY UPDATE verified_at = VALUES(verified_at)`)
      await db.query(`INSERT INTO users (id, email_verified) VALUES (1, false)
        ON DUPLICATE KEY UPDATE email_verified = VALUES(email_verified)`)
      expect(await rows(db)).toEqual(['1 null 0', '2 2021 1'])
      await db.query('REPLACE INTO users (id, email_verified) VALUES (1, true)')
      await db.query(`REPLACE INTO users (id, verified_at) VALUES (2, NULL)`)
      await db.query(`INSERT IGNORE INTO users (id, email_verified) VALUES (2, true), (3, true)`)
      expect(await rows(db)).toEqual(['1 2026 1', '2 null 0', '3 2026 1'])
    })

    test('fill an old column that is NOT NULL, for new writers who do not know it', async () => {
      const both = { table: 'p', forward: { name: sql`upper(old_name)` }, backward: { old_name: sql`lower(name)` } }
      const db = await withSync(both, 'CREATE TABLE p (old_name varchar(9) NOT NULL, name varchar(9))')
      await db.query(`INSERT INTO p (name) VALUES ('ADA')`)
      expect(await db.query('SELECT * FROM p')).toEqual([{ old_name: 'ada', name: 'ADA' }])
    })

    test('treat columns one by one', async () => {
      const names = {
        table: 'p',
        forward: { given: sql`upper(first)`, family: sql`upper(last)` },
        backward: { first: sql`lower(given)`, last: sql`lower(family)` },
      }
      const text = 'CREATE TABLE p (first varchar(9), last varchar(9), given varchar(9), family varchar(9))'
      const db = await withSync(names, text)
      await db.query(`INSERT INTO p (first, last) VALUES ('ada', 'Lovelace')`)
      await db.query(`UPDATE p SET given = 'AUGUSTA', last = 'King'`)
      expect(await db.query('SELECT * FROM p')).toEqual([
        { first: 'augusta', last: 'King', given: 'AUGUSTA', family: 'KING' },
      ])
    })

    test('evaluate each backward over what the writer gave, whichever comes first', async () => {
      const db = await withSync(
        {
          table: 'p',
          forward: { whole: sql`a + b` },
          backward: { a: sql`whole - b`, b: sql`whole DIV 2` },
        },
        'CREATE TABLE p (a int, b int, whole int)',
        'INSERT INTO p VALUES (1, 2, 3)',
      )
      await db.query('UPDATE p SET whole = 10')
      expect(await db.query('SELECT * FROM p')).toEqual([{ a: 8, b: 5, whole: 10 }])
    })
  })

  /**
   * Each: the old column, the new one, forward, an old value whose forward is not what is stored, and a backward that would
   * give another value than that.
   */
  const ROUNDED: readonly [string, string, string, string, string, string][] = [
    ['DECIMAL', 'decimal(20,3)', 'decimal(10,1)', 'o / 100', '12345', 'n * 100'],
    ['DATETIME', 'datetime(6)', 'datetime', 'o', "'2020-01-01 00:00:00.6'", 'n'],
    ['TIMESTAMP', 'datetime(6)', 'timestamp(2) NULL', 'o', "'2020-01-01 00:00:00.126'", 'n'],
    ['CHAR', 'varchar(9)', 'char(3)', "concat(o, ' ')", "'a'", "concat(n, '!')"],
    ['FLOAT', 'int', 'float', 'o / 3', '1', 'n * 0 + 7'],
    ['INT', 'decimal(9,2)', 'int', 'o', '1.6', 'n'],
    ['ENUM by another spelling', 'varchar(9)', "enum('Aa', 'b')", 'upper(o)', "'aa'", "concat(n, '!')"],
    ['ENUM by number', 'int', "enum('x', 'y')", 'o + 1', '1', 'n + 7'],
    ['SET', 'varchar(9)', "set('x', 'y')", 'reverse(o)', "'x,y'", "concat(n, '!')"],
    ['JSON', 'varchar(30)', 'json', 'o', `'{"b": 1,   "a": 2}'`, 'json_length(n)'],
    ['BIT', 'int', 'bit(9)', 'o + 1', '4', 'n + 7'],
    ['YEAR', 'int', 'year', 'o', '99', 'n'],
    ['a character set', 'varchar(9)', 'varchar(9) CHARACTER SET latin1', 'upper(o)', "'größe'", "concat(n, '!')"],
  ]
  test.each(ROUNDED)('are not misled by how %s is stored', async (_, old, added, forward, value, backward) => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE p (o ${old}, n ${added}, note int)`)
    await db.query(`INSERT INTO p (o) VALUES (${value})`)
    const [before] = await db.query('SELECT o FROM p')
    await run(db, { table: 'p', forward: { n: sql.raw(forward) }, backward: { o: sql.raw(backward) } })
    await db.query(`UPDATE p SET n = ${forward} WHERE n IS NULL`)
    const [filled] = await db.query('SELECT o, n IS NULL AS missing FROM p')
    expect(filled).toEqual({ ...before, missing: 0 })
  })

  test('carry a value that rounding did not make', async () => {
    const prices = { table: 'p', forward: { euro: sql`cents / 100` }, backward: { cents: sql`euro * 100` } }
    const db = await withSync(
      prices,
      'CREATE TABLE p (id int, cents decimal(20,3), euro decimal(10,1))',
      'INSERT INTO p VALUES (1, 12345, NULL), (2, NULL, NULL)',
    )
    await db.query('UPDATE p SET euro = cents / 100 WHERE euro IS NULL')
    await db.query('UPDATE p SET euro = 2 WHERE id = 1')
    expect(await db.query('SELECT * FROM p ORDER BY id')).toEqual([
      { id: 1, cents: '200.000', euro: '2.0' },
      { id: 2, cents: null, euro: null },
    ])
  })

  test('keep an old value whose row the backfill has not reached, when a writer changes another column', async () => {
    const db = await withSync(
      {
        table: 'p',
        forward: { given: sql`upper(first)`, family: sql`upper(last)` },
        backward: { first: sql`lower(given)`, last: sql`lower(family)` },
      },
      'CREATE TABLE p (first varchar(9), last varchar(9), given varchar(9), family varchar(9))',
      `INSERT INTO p (first, last) VALUES ('ada', 'lovelace')`,
    )
    await db.query(`UPDATE p SET last = 'king'`)
    expect(await db.query('SELECT * FROM p')).toEqual([{ first: 'ada', last: 'king', given: null, family: 'KING' }])
  })

  test('go back only where the writer gave nothing of the old side', async () => {
    const db = await withSync(
      {
        table: 'p',
        forward: { whole: sql`concat_ws(' ', first, last)` },
        backward: { first: sql`substring_index(whole, ' ', 1)`, last: sql`substring_index(whole, ' ', -1)` },
      },
      'CREATE TABLE p (id int, first varchar(9), last varchar(9), whole varchar(30))',
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
    const db = await withSync(
      {
        table: 'p',
        forward: { width: sql`size` },
        backward: { size: sql`width`, label: sql`concat('width ', width)` },
      },
      'CREATE TABLE p (size int, label varchar(20), width int)',
      `INSERT INTO p VALUES (1, 'small', 1)`,
    )
    await db.query(`UPDATE p SET width = 2, label = 'mine'`)
    expect(await db.query('SELECT * FROM p')).toEqual([{ size: 2, label: 'mine', width: 2 }])
    await db.query('UPDATE p SET width = 3')
    expect(await db.query('SELECT * FROM p')).toEqual([{ size: 3, label: 'width 3', width: 3 }])
  })

  test('work with quoted, non-ASCII and confusing names, in another database than the writer is in', async () => {
    const db = await createDatabase(server)
    const schema = `${db.name} Größe`
    await db.query(`CREATE DATABASE \`${schema}\` CHARACTER SET utf8mb4`)
    try {
      const table = `\`${schema}\`.\`Größen\``
      await db.query(
        `CREATE TABLE ${table} (\`select\` int, \`Größe \`\`x\`\`\` int, \`new\` int, old int, phasegate_old_0 int)`,
      )
      await run(db, {
        table: { schema, table: 'Größen' },
        forward: {
          'Größe `x`': sql`\`Größen\`.\`select\` * 2 + 0 * coalesce(\`new\`, 0) -- a remark`,
          old: sql`phasegate_old_0 + 1 # another`,
        },
        backward: { select: sql`\`Größe \`\`x\`\`\` DIV 2`, phasegate_old_0: sql`old - 1` },
      })
      await db.query(`INSERT INTO ${table} (\`select\`, phasegate_old_0) VALUES (4, 1)`)
      await db.query(`INSERT INTO ${table} (\`Größe \`\`x\`\`\`, old) VALUES (10, 8)`)
      expect(await db.query(`SELECT * FROM ${table} ORDER BY 1`)).toEqual([
        { select: 4, 'Größe `x`': 8, new: null, old: 2, phasegate_old_0: 1 },
        { select: 5, 'Größe `x`': 10, new: null, old: 8, phasegate_old_0: 7 },
      ])
    } finally {
      await db.query(`DROP DATABASE \`${schema}\``)
    }
  })

  test('see what other BEFORE triggers of the table made of the row', async () => {
    const db = await withSync(
      FORWARD,
      USERS,
      `CREATE TRIGGER verify BEFORE INSERT ON users FOR EACH ROW SET NEW.verified_at = '2023-01-01'`,
    )
    await db.query('INSERT INTO users (id) VALUES (3)')
    expect(await rows(db)).toEqual(['3 2023 1'])
  })

  test('mean the same to a writer in another SQL mode', async () => {
    const label = { table: 'p', forward: { label: sql`concat(name, ${'\\'}, "!")` } }
    const db = await withSync(label, 'CREATE TABLE p (name varchar(9), label varchar(9))')
    const writer = await db.open()
    await writer.query("SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT'")
    await writer.query(`INSERT INTO p (name) VALUES ('a')`)
    expect(await db.query('SELECT label FROM p')).toEqual([{ label: 'a\\!' }])
  })

  const REFUSED: readonly [string, Sync['forward'], RegExp][] = [
    ['a column that does not exist', { label: sql`nosuch` }, /nosuch/],
    ['a generated column', { label: sql`doubled` }, /reads doubled, which is stored generated and has no value yet/],
    ['an AUTO_INCREMENT column', { label: sql`id` }, /reads id, which is auto_increment/],
    [
      'a column that a foreign key changes',
      { label: sql`team` },
      /reads team, which foreign key .* changes without waking/,
    ],
  ]
  test.each(REFUSED)('are not created over %s, and writers go on', async (_, forward, says) => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE teams (id int PRIMARY KEY)')
    await db.query(`CREATE TABLE p (id int AUTO_INCREMENT PRIMARY KEY, n int, doubled int AS (n * 2) STORED, team int,
      label varchar(20), FOREIGN KEY (team) REFERENCES teams (id) ON DELETE SET NULL)`)
    await expect(run(db, { table: 'p', forward })).rejects.toThrow(says)
    await db.query('INSERT INTO p (n) VALUES (1)')
    expect(await db.query('SHOW TRIGGERS')).toEqual([])
  })

  test('are refused where two backward expressions read each other', async () => {
    const circle = { table: 'p', forward: { n: sql`a + b` }, backward: { a: sql`n - b`, b: sql`n - a` } }
    await expect(steps(circle)).rejects.toMatchObject({ code: 'SYNC.EXPRESSION' })
  })

  test('leave nothing behind when they go, also where they went before', async () => {
    const db = await withUsers(BOTH_WAYS)
    expect(await db.query('SHOW TRIGGERS')).toHaveLength(2)
    for (let time = 0; time < 2; time++) await run(db, BOTH_WAYS, 'contract')
    expect(await db.query('SHOW TRIGGERS')).toEqual([])
    await db.query('INSERT INTO users (id, email_verified) VALUES (9, true)')
    expect((await rows(db)).at(-1)).toBe('9 null 1')
  })

  test('tell by their probes what became of each step', async () => {
    const db = await createDatabase(server)
    await db.query(USERS)
    const probed = (await steps(BOTH_WAYS)).filter(({ execution }) => execution.mode === 'alone')
    expect(probed).toHaveLength(2)
    for (const { statement, execution } of probed) {
      const ask = async (): Promise<unknown> => Object.values((await db.query(execution.probe!))[0]!)[0]
      expect(await ask()).toBe('absent')
      await db.query(statement)
      expect(await ask()).toBe('done')
    }
  })

  test('lose no value under old and new writers and a backfill at once', async () => {
    const db = await createDatabase(server)
    await db.query(
      'CREATE TABLE users (id int PRIMARY KEY, writer varchar(9), verified_at datetime, email_verified boolean)',
    )
    const who = ['old', 'new', 'nobody']
    const values = Array.from({ length: 600 }, (_, i) => {
      return `(${i + 1}, '${who[(i + 1) % 3]}', ${i % 2 === 0 ? `'2001-01-01 00:00:00' + INTERVAL ${i} MINUTE` : 'NULL'})`
    })
    await db.query(`INSERT INTO users (id, writer, verified_at) VALUES ${values.join(', ')}`)
    await run(db, BOTH_WAYS)
    const original = await db.query(`SELECT id, verified_at FROM users WHERE writer = 'nobody' ORDER BY id`)
    const write = async (statement: (id: number) => string, first: number): Promise<void> => {
      const client = await db.open()
      await client.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
      for (let id = first; id <= 600; id += 3) await client.query(statement(id))
    }
    await Promise.all([
      write((id) => `UPDATE users SET verified_at = '2010-01-01' WHERE id = ${id}`, 3),
      write((id) => `UPDATE users SET email_verified = ${id % 2 === 1} WHERE id = ${id}`, 1),
      (async () => {
        const client = await db.open()
        await client.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
        for (let from = 0; from < 600; from += 50) {
          await client.query(`${BACKFILL} AND id > ${from} AND id <= ${from + 50}`)
        }
      })(),
    ])
    expect(await db.query(`SELECT id, verified_at FROM users WHERE writer = 'nobody' ORDER BY id`)).toEqual(original)
    const wrong = await db.query(`SELECT * FROM users WHERE NOT email_verified <=> (verified_at IS NOT NULL)
      OR (writer = 'old' AND verified_at <> '2010-01-01') OR (writer = 'new' AND email_verified <> (id % 2 = 1))`)
    expect(wrong).toEqual([])
  })
})

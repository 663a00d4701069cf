import mysql, { type RowDataPacket } from 'mysql2/promise'
import { initiallyVerifiedSql, type Truth } from '../../traffic/truth.js'
import type { Observer, RowComparison } from '../demo-database.js'

/** Rows of one INSERT. */
const CHUNK = 10_000
const DIGITS =
  '(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)'
/** 1 to `CHUNK`: neither server has a series of any length without a setting of its own. */
const SERIES = `(SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS n
  FROM ${DIGITS} AS a, ${DIGITS} AS b, ${DIGITS} AS c, ${DIGITS} AS e) AS series`

export async function observeMysql(url: string): Promise<Observer> {
  const client = await mysql.createConnection({ uri: url, supportBigNumbers: true })
  // The server may be stopped under it by Ctrl-C.
  client.on('error', () => {})
  const rows = async (text: string, values: readonly unknown[] = []): Promise<readonly RowDataPacket[]> =>
    (await client.query<RowDataPacket[]>(text, [...values]))[0]
  const number = async (text: string): Promise<number> => Number((await rows(text))[0]?.n)
  const version = String((await rows('SELECT version() AS v'))[0]?.v)
  /** Statements that waited when we last looked, with the time when they were first seen to. */
  let waiting: ReadonlyMap<string, number> = new Map()

  return {
    server: `${/mariadb/i.test(version) ? 'MariaDB' : 'MySQL'} ${version.split('-')[0]}`,
    isEmpty: async () =>
      (await number('SELECT count(*) AS n FROM information_schema.tables WHERE table_schema = database()')) === 0,
    async fillUsers(count) {
      await eachChunk(count, async (before) => {
        // The ids are given: what INSERT … SELECT would generate has gaps.
        await client.query(
          `INSERT INTO users (id, email, verified_at)
           SELECT ? + n, concat('user', ? + n, '@example.org'),
                  CASE WHEN ${initiallyVerifiedSql('? + n')} THEN timestamp '2026-01-01 00:00:00' + INTERVAL (? + n) SECOND END
           FROM ${SERIES} WHERE ? + n <= ?`,
          [before, before, before, before, before, count],
        )
      })
      await client.query('ANALYZE TABLE users')
    },
    async tableSize() {
      // Else MySQL answers with figures of up to a day ago.
      await client.query('ANALYZE TABLE users')
      return number(`
        SELECT data_length + index_length AS n FROM information_schema.tables
        WHERE table_schema = database() AND table_name = 'users'`)
    },
    compareRows: (truth) => compareRows(client, number, truth),
    async longestWait() {
      const now = performance.now()
      const seen = await waitingStatements()
      waiting = new Map(seen.map((statement) => [statement, waiting.get(statement) ?? now]))
      return Math.max(0, ...[...waiting.values()].map((since) => now - since))
    },
    end: () => client.end(),
  }

  /** The application's statements that wait for a metadata lock, or for a row that another transaction locked. */
  async function waitingStatements(): Promise<readonly string[]> {
    const sessions = await rows('SHOW FULL PROCESSLIST')
    const forRows = await rows(
      `SELECT trx_query AS query FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'`,
    )
    return [
      ...sessions.filter((session) => /^Waiting for .* lock$/.test(String(session.State))).map(({ Info }) => Info),
      ...forRows.map(({ query }) => query),
    ].flatMap((query) => /\/\* api \S+ \d+ \*\//.exec(String(query))?.[0] ?? [])
  }
}

async function compareRows(
  client: mysql.Connection,
  number: (text: string) => Promise<number>,
  truth: Truth,
): Promise<RowComparison> {
  await client.query('CREATE TEMPORARY TABLE truth (id bigint PRIMARY KEY, verified boolean NOT NULL)')
  await eachChunk(truth.rows, async (before) => {
    await client.query(
      `INSERT INTO truth SELECT ? + n, ${initiallyVerifiedSql('? + n')} FROM ${SERIES} WHERE ? + n <= ?`,
      [before, before, before, truth.rows],
    )
  })
  const changes = [...truth.changes()]
  for (let at = 0; at < changes.length; at += CHUNK) {
    await client.query('REPLACE INTO truth (id, verified) VALUES ?', [changes.slice(at, at + CHUNK)])
  }
  return {
    rows: await number('SELECT count(*) AS n FROM users'),
    // A temporary table can be named once a statement (MySQL Reference Manual: TEMPORARY Table Problems).
    wrong:
      (await number(`
        SELECT count(*) AS n FROM users LEFT JOIN truth USING (id)
        WHERE NOT users.email_verified <=> truth.verified`)) +
      (await number('SELECT count(*) AS n FROM truth LEFT JOIN users USING (id) WHERE users.id IS NULL')),
  }
}

async function eachChunk(count: number, run: (before: number) => Promise<void>): Promise<void> {
  for (let before = 0; before < count; before += CHUNK) await run(before)
}

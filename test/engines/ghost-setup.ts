import { expect } from 'vitest'
import { type LiveTraffic, startTraffic } from '../support/live-traffic.js'
import type { MysqlHost } from '../support/mysql-database.js'
import { type AnyDatabase, createDatabase, type MysqlDatabase } from '../support/servers.js'

export const ROWS = 50_000

/** A project's migration that has gh-ost add a column. */
export const ADDS_PHONE = {
  'phasegate/20261122093000_phone.sql':
    '-- engine: gh-ost\n-- app-uses: old\n-- phase: expand\nALTER TABLE users ADD COLUMN phone VARCHAR(20);\n',
}

/** Fills `users`, with gaps, and `mirror`, which gets every write of the traffic in the same transaction. */
export async function ghostDatabase(server: MysqlHost, rows = ROWS): Promise<MysqlDatabase> {
  const db = await createDatabase(server)
  await db.query(`CREATE TABLE users (
    id bigint PRIMARY KEY AUTO_INCREMENT, email varchar(100) NOT NULL UNIQUE, n int NOT NULL DEFAULT 0,
    note varchar(200), seen timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), price decimal(20,6), data json,
    raw varbinary(20), kind enum('a','b') NOT NULL DEFAULT 'a', twice int GENERATED ALWAYS AS (n * 2) STORED)`)
  const digits = Array.from({ length: 10 }, (_, digit) => `SELECT ${digit} AS d`).join(' UNION ALL ')
  const numbers = [0, 1, 2, 3, 4].map((place) => `(${digits}) d${place}`).join(' CROSS JOIN ')
  await db.query(`INSERT INTO users (id, email, note, price, data, raw)
    SELECT g * 3, CONCAT('user', g, '@example.org'), IF(g % 7 = 0, NULL, CONCAT('nötig 😀 ', g)), g / 7, JSON_OBJECT('g', g), LEFT(UNHEX(SHA2(g, 256)), 20)
    FROM (SELECT 1 + d0.d + 10 * d1.d + 100 * d2.d + 1000 * d3.d + 10000 * d4.d AS g FROM ${numbers}) t
    WHERE g <= ${rows}`)
  await db.query(`CREATE TABLE mirror (id bigint PRIMARY KEY, email varchar(100), n int, note varchar(200),
    seen timestamp(6) NOT NULL, price decimal(20,6), data json, raw varbinary(20), kind enum('a','b'));
    INSERT INTO mirror SELECT id, email, n, note, seen, price, data, raw, kind FROM users; ANALYZE TABLE users`)
  return db
}

const COLUMNS = 'id, email, n, note, seen, price, data, raw, kind'
/** Nothing was done: the same can be said again. */
export const AGAIN: readonly number[] = [1205, 1213]

/** Writers that insert, update, delete and change keys; readers by key. */
export function startWriting(db: AnyDatabase, rows = ROWS): Promise<LiveTraffic> {
  let next = 10 * rows
  const anyId = (): number => 3 * (1 + Math.floor(Math.random() * rows))
  return startTraffic({
    db,
    read: (client) => client.query('SELECT * FROM users WHERE id = ?', [anyId()]),
    write: async (client, round) => {
      const id = anyId()
      try {
        await client.query('BEGIN')
        if (round % 5 === 1) {
          const fresh = ++next * 3 + 1
          await client.query('INSERT INTO users (id, email, note) VALUES (?, ?, ?)', [fresh, `new${fresh}`, 'neu'])
          await client.query(`INSERT INTO mirror SELECT ${COLUMNS} FROM users WHERE id = ?`, [fresh])
        } else if (round % 5 === 2) {
          await client.query('DELETE FROM users WHERE id = ?', [id])
          await client.query('DELETE FROM mirror WHERE id = ?', [id])
        } else if (round % 5 === 3) {
          await client.query('UPDATE users SET id = -id WHERE id = ?', [id])
          await client.query('UPDATE mirror SET id = -id WHERE id = ?', [id])
        } else {
          await client.query("UPDATE users SET n = n + 1, note = NULL, kind = 'b', data = JSON_ARRAY(n) WHERE id = ?", [
            id,
          ])
          await client.query(`REPLACE INTO mirror SELECT ${COLUMNS} FROM users WHERE id = ?`, [id])
        }
        await client.query('COMMIT')
      } catch (error) {
        await client.query('ROLLBACK')
        if (!AGAIN.includes((error as { errno?: number }).errno ?? 0)) throw error
      }
    },
  })
}

/** Row by row, both ways. */
export async function assertNothingLost(db: AnyDatabase): Promise<void> {
  const same = COLUMNS.split(', ')
    .map((name) => (name === 'data' ? 'CAST(u.data AS CHAR) <=> CAST(m.data AS CHAR)' : `u.${name} <=> m.${name}`))
    .join(' AND ')
  const [row] = await db.query(
    `SELECT (SELECT COUNT(*) FROM mirror m LEFT JOIN users u USING (id) WHERE NOT (${same} AND u.twice = m.n * 2)) AS missing,
       (SELECT COUNT(*) FROM users u LEFT JOIN mirror m USING (id) WHERE m.id IS NULL) AS extra,
       (SELECT COUNT(*) FROM users) = (SELECT COUNT(*) FROM mirror) AS same`,
  )
  expect({ missing: Number(row!.missing), extra: Number(row!.extra), same: Number(row!.same) }).toEqual({
    missing: 0,
    extra: 0,
    same: 1,
  })
}

/**
 * After a swap that is not proven: ids of rows that are neither as they were written nor among those that a person is shown.
 *
 * @param differing the query that shows them
 */
export async function lostIn(db: AnyDatabase, differing: string): Promise<readonly string[]> {
  const shown = new Set((await db.query(differing)).map(({ id }) => String(id)))
  const missing = await db.query(`SELECT m.id FROM mirror m LEFT JOIN users u USING (id)
    WHERE NOT (u.id <=> m.id AND u.email <=> m.email AND u.n <=> m.n AND u.note <=> m.note AND u.kind <=> m.kind)`)
  return missing.map(({ id }) => String(id)).filter((id) => !shown.has(id))
}

export async function columnsOf(db: AnyDatabase, table = 'users'): Promise<readonly string[]> {
  const rows = await db.query(
    `SELECT column_name AS name FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position`,
    [table],
  )
  return rows.map((row) => String(row.name))
}

/** Tables that are neither the test's nor the journal's. */
export async function leftIn(db: AnyDatabase): Promise<readonly string[]> {
  const rows = await db.query(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = DATABASE() AND table_name NOT IN ('users', 'mirror') AND table_name NOT LIKE 'phasegate%'`,
  )
  return rows.map((row) => String(row.name))
}

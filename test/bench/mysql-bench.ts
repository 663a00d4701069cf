import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { MYSQL_NAMES } from '../support/mysql-sources.mjs'
import type { RunningMysql } from '../support/start-mysql.js'
import { type BenchDatabase, type Key, UPDATE } from './bench-database.js'

const DATABASE = 'bench'
/** A table of so many numbers from 0 on, in a database of its own; so many rows one INSERT makes. */
const NUMBERS = 'bench_numbers'
const CHUNK = 1_000_000
const PLACES = 6
const DIGITS =
  'SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9'

const KEYS: Readonly<Record<Key, { readonly type: string; readonly value: (number: string) => string }>> = {
  bigint: { type: 'bigint', value: (number) => number },
  // As spread out as a random one, and the same wherever a statement names it, so that it can be sorted by.
  uuid: { type: 'binary(16)', value: (number) => `UNHEX(LEFT(SHA2(${number}, 256), 32))` },
}

export async function mysqlBench(server: RunningMysql): Promise<BenchDatabase> {
  const first = await createConnection({ uri: server.url().replace(/^mariadb:/, 'mysql:') })
  await first.query(`CREATE DATABASE IF NOT EXISTS ${DATABASE}`)
  await makeNumbers(first)
  await first.end()
  const client = await createConnection({ uri: server.url(DATABASE).replace(/^mariadb:/, 'mysql:') })
  // A server that goes away ends this connection too; the bench that runs sees that in its own calls.
  client.on('error', () => {})
  let start = 0
  const logBytes = async (): Promise<number> => {
    const [logs] = await client.query<RowDataPacket[]>('SHOW BINARY LOGS')
    return logs.reduce((sum, { File_size }) => sum + Number(File_size), 0)
  }
  const size = async (): Promise<number> => {
    await client.query('ANALYZE TABLE users')
    const [rows] = await client.query<RowDataPacket[]>(
      `SELECT data_length + index_length AS size FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'users'`,
    )
    return Number(rows[0]?.size)
  }
  return {
    server: `${MYSQL_NAMES[server.family]} ${server.version}`,
    url: server.url(DATABASE),
    speed: { better: 'more', aim: 1, miss: 0.75 },
    traffic: {
      driver: 'mysql',
      read: 'SELECT * FROM users WHERE id = ?',
      write: 'UPDATE users SET email = ? WHERE id = ?',
    },
    fresh: async (rows, key = 'bigint') => {
      const { type, value } = KEYS[key]
      await client.query(`DROP DATABASE IF EXISTS ${DATABASE}`)
      await client.query(`CREATE DATABASE ${DATABASE} CHARACTER SET utf8mb4`)
      await client.query(`USE ${DATABASE}`)
      await client.query(
        `CREATE TABLE users (id ${type} PRIMARY KEY, email varchar(200) NOT NULL, verified_at datetime(6), email_verified boolean)`,
      )
      await client.query('SET SESSION sql_log_bin = 0')
      for (let from = 0; from < rows; from += CHUNK) {
        const count = Math.min(CHUNK, rows - from)
        await client.query(
          `INSERT INTO users (id, email, verified_at)
           SELECT ${value(`number + ${from + 1}`)} AS id,
             CONCAT('user', number + ${from + 1}, '@example.com'), IF((number + ${from + 1}) % 3 = 0, UTC_TIMESTAMP(6), NULL)
           FROM ${NUMBERS}.numbers WHERE number < ${count} ORDER BY ${key === 'bigint' ? 'number' : 'id'}`,
        )
      }
      await client.query('SET SESSION sql_log_bin = 1')
      // What the server still has to write of it is written before anybody is measured; old logs need not stay.
      await client.query('FLUSH TABLES users')
      await client.query('FLUSH BINARY LOGS')
      const [logs] = await client.query<RowDataPacket[]>('SHOW BINARY LOGS')
      await client.query(`PURGE BINARY LOGS TO '${logs.at(-1)?.Log_name}'`)
      const bytes = await size()
      // MariaDB keeps a log until its last transaction is in the tables, so that some may be left.
      start = await logBytes()
      return bytes
    },
    size,
    logged: async () => (await logBytes()) - start,
    update: async () => {
      await client.query(UPDATE)
    },
    close: () => client.end(),
  }
}

/** Reading from it needs no temporary table on disk, which the start of another server with the same /tmp would delete. */
async function makeNumbers(client: Connection): Promise<void> {
  await client.query('SET SESSION sql_log_bin = 0')
  await client.query(`CREATE DATABASE IF NOT EXISTS ${NUMBERS}`)
  await client.query(`CREATE TABLE IF NOT EXISTS ${NUMBERS}.numbers (number bigint PRIMARY KEY)`)
  const places = Array.from({ length: PLACES }, (_, place) => place)
  const number = places.map((place) => `d${place}.d * ${10 ** place}`).join(' + ')
  const tables = places.map((place) => `(${DIGITS}) d${place}`).join(', ')
  await client.query(`INSERT IGNORE INTO ${NUMBERS}.numbers SELECT ${number} FROM ${tables}`)
}

import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { MYSQL_NAMES } from '../support/mysql-sources.mjs'
import type { RunningMysql } from '../support/start-mysql.js'
import { type BenchDatabase, UPDATE } from './bench-database.js'

const DATABASE = 'bench'
/** Rows that one INSERT copies; the digits of a number come from a table of ten. */
const DIGITS =
  'SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9'

export async function mysqlBench(server: RunningMysql): Promise<BenchDatabase> {
  const first = await createConnection({ uri: server.url().replace(/^mariadb:/, 'mysql:') })
  await first.query(`CREATE DATABASE IF NOT EXISTS ${DATABASE}`)
  await first.end()
  const client = await createConnection({ uri: server.url(DATABASE).replace(/^mariadb:/, 'mysql:') })
  const size = async (): Promise<number> => {
    await client.query('ANALYZE TABLE users')
    const [rows] = await client.query<RowDataPacket[]>(
      `SELECT data_length + index_length AS size FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'users'`,
    )
    return Number(rows[0]?.size)
  }
  return {
    server: `${MYSQL_NAMES[server.family]} ${server.version}`,
    dialect: { package: '@phasegate/mysql', connect: 'connectMysql' },
    url: server.url(DATABASE),
    fresh: async (rows) => {
      await client.query(`DROP DATABASE ${DATABASE}`)
      await client.query(`CREATE DATABASE ${DATABASE} CHARACTER SET utf8mb4`)
      await client.query(`USE ${DATABASE}`)
      await client.query(
        'CREATE TABLE users (id bigint PRIMARY KEY, email varchar(200) NOT NULL, verified_at datetime(6), email_verified boolean)',
      )
      const places = Math.max(1, Math.ceil(Math.log10(rows)))
      const number = Array.from({ length: places }, (_, place) => `d${place}.d * ${10 ** place}`).join(' + ')
      const from = Array.from({ length: places }, (_, place) => `(${DIGITS}) d${place}`).join(', ')
      await client.query(
        `INSERT INTO users (id, email, verified_at)
         SELECT n + 1, CONCAT('user', n + 1, '@example.com'), IF((n + 1) % 3 = 0, UTC_TIMESTAMP(6), NULL)
         FROM (SELECT ${number} AS n FROM ${from}) AS numbers WHERE n < ${rows} ORDER BY n`,
      )
      // What the server still has to write of it is written before anybody is measured.
      await client.query('FLUSH TABLES users')
      return size()
    },
    size,
    update: async () => {
      await client.query(UPDATE)
    },
    close: () => client.end(),
  }
}

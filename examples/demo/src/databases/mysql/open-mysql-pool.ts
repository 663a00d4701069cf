import mysql, { type ResultSetHeader, type RowDataPacket } from 'mysql2/promise'
import type { ApplicationPool } from '../../application/application-pool.js'

/**
 * Each statement begins with a comment that names the instance and counts, since sessions have no name of their own:
 * `observeMysql` knows by it whose statement waits, and since when.
 */
export function openMysqlPool(url: string, instance: string): ApplicationPool {
  const pool = mysql.createPool({
    uri: url,
    connectionLimit: 6,
    connectTimeout: 5_000,
    // Ids are bigints: those beyond 2^53 become strings.
    supportBigNumbers: true,
  })
  let count = 0
  const tagged = (text: string): string => `/* api ${instance} ${++count} */ ${text}`
  const change = async (text: string, values: readonly unknown[]): Promise<ResultSetHeader> =>
    (await pool.query<ResultSetHeader>(tagged(text), [...values]))[0]
  return {
    client: pool,
    one: async (text, values) => (await pool.query<RowDataPacket[]>(tagged(text), [...values]))[0][0],
    // Rows that were found, whether or not they changed: mysql2 asks for CLIENT_FOUND_ROWS.
    change: async (text, values) => (await change(text, values)).affectedRows,
    insert: async (text, values) => String((await change(text, values)).insertId),
    end: () => pool.end(),
  }
}

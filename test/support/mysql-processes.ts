import type { Row } from './any-database.js'

export interface MysqlProcess {
  readonly Id: number
  readonly User: string
  readonly Host: string
  readonly db: string | null
  readonly Command: string
  readonly State: string | null
  readonly Info: string | null
}

const LIST = 'SHOW FULL PROCESSLIST'

/**
 * The sessions in a database of MySQL or MariaDB, but for who asks. By `SHOW`: on MySQL 9.7 a query of
 * `information_schema.processlist` fails while any session of the server runs a statement with a character of four bytes.
 */
export async function processesIn(db: {
  readonly name: string
  query(text: string): Promise<readonly Row[]>
}): Promise<readonly MysqlProcess[]> {
  const all = (await db.query(LIST)) as unknown as readonly MysqlProcess[]
  return all.filter((one) => one.db === db.name && one.Info !== LIST)
}

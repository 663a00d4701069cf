import type { AnyDatabase, DatabaseTemplate } from './any-database.js'
import { atTestEnd } from './at-test-end.js'
import { createMysqlDatabase, type MysqlDatabase, type MysqlHost } from './mysql-database.js'
import { createPostgresDatabase, type PostgresHost, type TestDatabase } from './postgres-database.js'

export type { TestDatabase } from './postgres-database.js'

/** Where a database can be made: a shared server of servers.ts, or a private one. */
export type DatabaseHost = PostgresHost | MysqlHost

/**
 * Makes a fresh database. Called in a test (or `beforeEach`) it is dropped when that test ends, and the test fails if it
 * left a session of ours open. Called in `beforeAll`, hand `drop` back: `beforeAll(async () => { db = await
 * createDatabase(server); return () => db.drop() })`.
 *
 * @param template what it holds at the start; default: nothing. PostgreSQL fills a template once a server and then
 *   clones it, MySQL and MariaDB run its statements each time.
 */
export async function createDatabase(host: PostgresHost, template?: DatabaseTemplate): Promise<TestDatabase>
export async function createDatabase(host: MysqlHost, template?: DatabaseTemplate): Promise<MysqlDatabase>
export async function createDatabase(host: DatabaseHost, template?: DatabaseTemplate): Promise<AnyDatabase>
export async function createDatabase(host: DatabaseHost, template?: DatabaseTemplate): Promise<AnyDatabase> {
  const database =
    host.family === 'postgres'
      ? await createPostgresDatabase(host, template)
      : await createMysqlDatabase(host, template)
  atTestEnd(() => database.drop())
  return database
}

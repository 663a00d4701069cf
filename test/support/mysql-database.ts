import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from 'mysql2/promise'
import type { AnyDatabase, DatabaseTemplate, Row } from './any-database.js'
import { connectMysql } from './mysql-connection.js'
import { type MysqlProcess, processesIn } from './mysql-processes.js'
import type { MysqlFamily } from './mysql-sources.mjs'

/** Where a MySQL or MariaDB database can be made: a shared server of servers.ts, or a private one. */
export interface MysqlHost {
  readonly family: MysqlFamily
  url(database?: string): string
}

export interface MysqlDatabase extends AnyDatabase {
  readonly family: MysqlFamily
  /**
   * A connection of mysql2 that is closed before the database is dropped. Connect only by this or `open`: who else is
   * there when the test ends is taken for a session of ours that was left open.
   */
  connect(): Promise<Connection>
}

/** How long a session that is being closed may take to leave the process list. */
const LEAVE_MS = 2000
/** ER_NO_SUCH_THREAD: it has left by itself. */
const GONE = 1094

/** See create-database.ts. */
export async function createMysqlDatabase(host: MysqlHost, template?: DatabaseTemplate): Promise<MysqlDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await withConnection(host.url(), (connection) => connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`))

  const url = host.url(name)
  const connections: Connection[] = []
  let dropped = false

  const connect = async (): Promise<Connection> => {
    const connection = await connectMysql(url)
    connections.push(connection)
    return connection
  }
  const query: MysqlDatabase['query'] = (text, values) =>
    withConnection(url, (connection) => rowsOf(connection, text, values))
  if (template !== undefined) await query(template.sql)

  return {
    family: host.family,
    name,
    url,
    query,
    connect,
    async open() {
      const connection = await connect()
      return { query: (text, values) => rowsOf(connection, text, values), close: () => connection.end() }
    },
    assertNoSessions: () =>
      withConnection(host.url(), (connection) =>
        assertNoSessions(
          connection,
          name,
          connections.map((one) => one.threadId),
        ),
      ),
    async drop() {
      if (dropped) return
      dropped = true
      // One that the server or a test has ended cannot say goodbye.
      await Promise.allSettled(connections.map((connection) => connection.end()))
      await withConnection(host.url(), async (connection) => {
        try {
          await assertNoSessions(connection, name, [])
        } finally {
          for (const { Id } of await sessionsIn(connection, name)) await end(connection, Id)
          await connection.query(`DROP DATABASE IF EXISTS ${name}`)
        }
      })
    },
  }
}

/**
 * MariaDB keeps no connection attributes (performance_schema is off by default) and shows who holds a GET_LOCK only with a
 * plugin, so that ours are told by exclusion: all sessions in the database that this test did not open.
 */
async function assertNoSessions(connection: Connection, database: string, own: readonly number[]): Promise<void> {
  for (const deadline = Date.now() + LEAVE_MS; ; await sleep(20)) {
    const left = (await sessionsIn(connection, database)).filter((session) => !own.includes(session.Id))
    if (left.length === 0) return
    if (Date.now() > deadline) {
      const list = left.map(({ Id, User, Host, Command, Info }) => `  ${Id} ${User}@${Host} (${Command}): ${Info}`)
      throw new Error(`${left.length} session(s) left open:\n${list.join('\n')}`)
    }
  }
}

const sessionsIn = (connection: Connection, name: string): Promise<readonly MysqlProcess[]> =>
  processesIn({ name, query: (text) => rowsOf(connection, text) })

async function end(connection: Connection, id: number): Promise<void> {
  try {
    await connection.query(`KILL ${id}`)
  } catch (error) {
    if ((error as { errno?: number }).errno !== GONE) throw error
  }
}

/** mysql2 gives one result a statement where there are several, and a header where a statement has no rows. */
async function rowsOf<R extends Row>(connection: Connection, text: string, values?: unknown[]): Promise<R[]> {
  const [result, fields] = await connection.query(text, values)
  const several = Array.isArray(fields) && fields.some((field) => field === undefined || Array.isArray(field))
  const last: unknown = several ? (result as unknown[]).at(-1) : result
  return Array.isArray(last) ? (last as R[]) : []
}

async function withConnection<T>(url: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await connectMysql(url)
  try {
    return await work(connection)
  } finally {
    await connection.end()
  }
}

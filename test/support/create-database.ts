import { createHash, randomBytes } from 'node:crypto'
import pg from 'pg'
import { atTestEnd } from './at-test-end.js'

/** Where a database can be made: a shared server of servers.ts, or a private one. */
export interface DatabaseHost {
  url(database?: string): string
}

export interface DatabaseTemplate {
  /** A name for what it holds; part of the template database's name together with a hash of `sql`. */
  readonly name: string
  /** Statements that fill it, run once a server. */
  readonly sql: string
}

export interface TestDatabase {
  readonly name: string
  readonly url: string
  /** Runs one statement (or several without values) on a connection of its own. */
  query<R extends pg.QueryResultRow = pg.QueryResultRow>(text: string, values?: unknown[]): Promise<R[]>
  /** A connected client that is closed before the database is dropped. */
  connect(): Promise<pg.Client>
  /** Throws if a session whose application_name begins with `phasegate` is still there after a short wait. */
  assertNoSessions(): Promise<void>
  /** Checks for sessions of ours that were left open, then drops the database, whoever is still connected. */
  drop(): Promise<void>
}

/** How long a session that is being closed may take to leave pg_stat_activity. */
const LEAVE_MS = 2000

/**
 * Makes a fresh database. Called in a test (or `beforeEach`) it is dropped when that test ends, and the test fails if it
 * left a session of ours open. Called in `beforeAll`, hand `drop` back: `beforeAll(async () => { db = await
 * createDatabase(server); return () => db.drop() })`.
 *
 * @param template what it is a copy of; default: empty. A template is filled once and then cloned.
 */
export async function createDatabase(host: DatabaseHost, template?: DatabaseTemplate): Promise<TestDatabase> {
  const source = template === undefined ? undefined : await ensureTemplate(host, template)
  const name = `test_${randomBytes(6).toString('hex')}`
  await onMaintenance(host, (client) =>
    client.query(`CREATE DATABASE ${name}${source === undefined ? '' : ` TEMPLATE ${source}`}`),
  )

  const url = host.url(name)
  const clients: pg.Client[] = []
  let dropped = false

  const database: TestDatabase = {
    name,
    url,
    async query(text, values) {
      return withClient(url, async (client) => (await client.query(text, values)).rows)
    },
    async connect() {
      const client = await connected(url)
      clients.push(client)
      return client
    },
    assertNoSessions: () => onMaintenance(host, (client) => assertNoSessions(client, name)),
    async drop() {
      if (dropped) return
      dropped = true
      await Promise.all(clients.map((client) => client.end()))
      await onMaintenance(host, async (client) => {
        try {
          await assertNoSessions(client, name)
        } finally {
          await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
        }
      })
    },
  }
  atTestEnd(() => database.drop())
  return database
}

async function assertNoSessions(client: pg.Client, database: string): Promise<void> {
  const deadline = Date.now() + LEAVE_MS
  for (;;) {
    const { rows } = await client.query<{ pid: number; application_name: string; state: string; query: string }>(
      `SELECT pid, application_name, state, query FROM pg_stat_activity
       WHERE datname = $1 AND application_name LIKE 'phasegate%'`,
      [database],
    )
    if (rows.length === 0) return
    if (Date.now() > deadline) {
      const list = rows.map((row) => `  ${row.pid} ${row.application_name} (${row.state}): ${row.query}`)
      throw new Error(`${rows.length} session(s) left open:\n${list.join('\n')}`)
    }
    await client.query('SELECT pg_sleep(0.02)')
  }
}

/**
 * Fills the template once a server, under an advisory lock, because test files run in several processes. It gets its name
 * only when it is complete, so that a run which dies half-way leaves nothing that looks finished.
 */
async function ensureTemplate(host: DatabaseHost, template: DatabaseTemplate): Promise<string> {
  const hash = createHash('sha256').update(template.sql).digest('hex').slice(0, 12)
  const name = `template_${template.name.replaceAll(/[^a-z0-9]+/g, '_')}_${hash}`
  await onMaintenance(host, async (client) => {
    await client.query('SELECT pg_advisory_lock(hashtext($1))', [name])
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
    if (rowCount !== 0) return
    await client.query(`DROP DATABASE IF EXISTS ${name}_unfinished WITH (FORCE)`)
    await client.query(`CREATE DATABASE ${name}_unfinished`)
    await withClient(host.url(`${name}_unfinished`), (filling) => filling.query(template.sql))
    await client.query(`ALTER DATABASE ${name}_unfinished RENAME TO ${name}`)
  })
  return name
}

function onMaintenance<T>(host: DatabaseHost, work: (client: pg.Client) => Promise<T>): Promise<T> {
  return withClient(host.url(), work)
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connected(url)
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'test' })
  // A server that a test kills ends this connection too; the test sees that in its own calls.
  client.on('error', () => {})
  await client.connect()
  return client
}

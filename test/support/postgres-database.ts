import { createHash, randomBytes } from 'node:crypto'
import pg from 'pg'
import type { AnyDatabase, DatabaseTemplate } from './any-database.js'

/** Where a PostgreSQL database can be made: a shared server of servers.ts, or a private one. */
export interface PostgresHost {
  readonly family: 'postgres'
  url(database?: string): string
}

export interface TestDatabase extends AnyDatabase {
  readonly family: 'postgres'
  /** A connected client that is closed before the database is dropped. */
  connect(): Promise<pg.Client>
}

/** How long a session that is being closed may take to leave pg_stat_activity. */
const LEAVE_MS = 2000

/** See create-database.ts. A template is filled once a server and then cloned. */
export async function createPostgresDatabase(host: PostgresHost, template?: DatabaseTemplate): Promise<TestDatabase> {
  const source = template === undefined ? undefined : await ensureTemplate(host, template)
  const name = `test_${randomBytes(6).toString('hex')}`
  await onMaintenance(host, (client) =>
    client.query(`CREATE DATABASE ${name}${source === undefined ? '' : ` TEMPLATE ${source}`}`),
  )

  const url = host.url(name)
  const clients: pg.Client[] = []
  let dropped = false
  const connect = async (): Promise<pg.Client> => {
    const client = await connected(url)
    clients.push(client)
    return client
  }

  return {
    family: 'postgres',
    name,
    url,
    async query(text, values) {
      return withClient(url, async (client) => (await client.query(text, values)).rows)
    },
    connect,
    async open() {
      const client = await connect()
      return { query: async (text, values) => (await client.query(text, values)).rows, close: () => client.end() }
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
async function ensureTemplate(host: PostgresHost, template: DatabaseTemplate): Promise<string> {
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

function onMaintenance<T>(host: PostgresHost, work: (client: pg.Client) => Promise<T>): Promise<T> {
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

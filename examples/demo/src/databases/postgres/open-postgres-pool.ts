import pg from 'pg'
import type { ApplicationPool, Row } from '../../application/application-pool.js'

/** Its sessions are called `api <instance>`, by which `observePostgres` knows them. */
export function openPostgresPool(url: string, instance: string): ApplicationPool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: `api ${instance}`,
    max: 6,
    connectionTimeoutMillis: 5_000,
  })
  // An idle connection that breaks is replaced by the pool; a request that needs it gets an error of its own.
  pool.on('error', (error) => console.error(`${instance}: ${error.message}`))
  const run = (text: string, values: readonly unknown[]): Promise<pg.QueryResult<Row>> =>
    pool.query<Row>(numbered(text), [...values])
  return {
    client: pool,
    one: async (text, values) => (await run(text, values)).rows[0],
    change: async (text, values) => (await run(text, values)).rowCount ?? 0,
    insert: async (text, values) => String((await run(`${text} RETURNING id`, values)).rows[0]?.id),
    end: () => pool.end(),
  }
}

/** `?` becomes `$1`, `$2`, …; no text of the demo has a question mark in it otherwise. */
function numbered(text: string): string {
  let count = 0
  return text.replaceAll('?', () => `$${++count}`)
}

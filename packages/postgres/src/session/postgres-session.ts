import { type Backend, EXIT, PhasegateError, type Row, type Session, type TransactionOptions } from '@phasegate/core'
import { Client, type ClientConfig } from 'pg'

/** ISO text of a timestamp in UTC with microseconds: survives any client and any TimeZone setting. */
export const isoText = (expression: string): string =>
  `to_char((${expression}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

export interface OpenSession {
  readonly settings: ClientConfig
  /** Shown in pg_stat_activity, so that a person sees who holds a lock. */
  readonly applicationName: string
  /** ms */
  readonly connectTimeout: number
}

/** What the server sent at login, beside what it says now: they differ where a pooler stands in between. */
export interface PostgresSession extends Session {
  readonly loginBackendId: number | undefined
  /**
   * Limits that a role or database sets are taken off: they would end the session that holds our lock, or cancel a
   * concurrent build, which has no transaction to set its own in. And the server is to notice soon when we are gone. After
   * the pooler check.
   */
  keepOpen(): Promise<void>
}

/** Opens one connection of our own. Rejects with what pg says; the target translates it. */
export async function openPostgresSession(options: OpenSession): Promise<PostgresSession> {
  const client = new Client({
    ...options.settings,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeout,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  })
  // An idle connection that dies raises 'error' on the client; the next query rejects with it, which is where it counts.
  client.on('error', () => {})
  await client.connect()
  try {
    return createSession(client, await readBackend(client))
  } catch (error) {
    await client.end()
    throw error
  }
}

async function readBackend(client: Client): Promise<Backend> {
  const result = await client.query<{ id: string; started: string }>(
    `SELECT pid::text AS id, ${isoText('backend_start')} AS started FROM pg_stat_activity WHERE pid = pg_backend_pid()`,
  )
  const row = result.rows[0]
  if (row === undefined) throw new Error('the server does not list its own session in pg_stat_activity')
  return { id: row.id, startedAt: row.started }
}

function createSession(client: Client, backend: Backend): PostgresSession {
  const query = async <R extends Row>(text: string, values?: readonly unknown[]): Promise<readonly R[]> => {
    // Without values pg uses the simple protocol, which CREATE INDEX CONCURRENTLY and several statements at once need.
    const result = values === undefined ? await client.query(text) : await client.query(text, [...values])
    return (Array.isArray(result) ? result.at(-1)?.rows : result.rows) ?? []
  }
  return {
    backend,
    loginBackendId: (client as { processID?: number }).processID,
    query,
    keepOpen: async () => {
      await query(
        `SELECT set_config(s.name, wanted.value, false) FROM pg_settings s JOIN (VALUES
           ('idle_in_transaction_session_timeout', '0'), ('idle_session_timeout', '0'), ('transaction_timeout', '0'),
           ('statement_timeout', '0'), ('lock_timeout', '0'), ('client_min_messages', 'warning'),
           ('tcp_keepalives_idle', '15'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3')
         ) AS wanted (name, value) USING (name)`,
      )
    },
    transaction: (options, work) => runTransaction(client, options, work),
    limited: async (options, work) => {
      await query(limits(options))
      try {
        return await work()
      } finally {
        // On a connection that is gone there is nothing to put back, and the error of `work` is the one that counts.
        await query(limits({ lockTimeout: 0, statementTimeout: 0 })).catch(() => {})
      }
    },
    close: async () => {
      // A connection that is already gone cannot be ended, and there is nothing left to give back.
      await client.end().catch(() => {})
    },
  }
}

async function runTransaction<T>(client: Client, options: TransactionOptions, work: () => Promise<T>): Promise<T> {
  await client.query(
    `BEGIN; SET LOCAL lock_timeout = ${ms(options.lockTimeout)}; SET LOCAL statement_timeout = ${ms(options.statementTimeout)}`,
  )
  let result: T
  try {
    result = await work()
  } catch (error) {
    // The first error is what counts; a connection that cannot roll back any more has been rolled back by the server.
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
  const committed = await client.query('COMMIT')
  // PostgreSQL answers COMMIT of a failed transaction with the tag ROLLBACK and no error.
  if (committed.command !== 'COMMIT') throw rolledBack()
  return result
}

function limits({ lockTimeout, statementTimeout }: TransactionOptions): string {
  return `SET lock_timeout = ${ms(lockTimeout)}; SET statement_timeout = ${ms(statementTimeout)}`
}

function rolledBack(): PhasegateError {
  return new PhasegateError({
    code: 'DATABASE.ROLLED_BACK',
    message: 'The transaction was rolled back by the server instead of being committed.',
    next: ['Run the same command again.'],
    exit: EXIT.failed,
  })
}

function ms(value: number): string {
  if (!Number.isInteger(value) || value < 0) throw new Error(`a timeout is a whole number of ms, not ${value}`)
  return `'${value}ms'`
}

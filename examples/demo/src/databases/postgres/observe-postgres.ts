import pg from 'pg'
import { initiallyVerifiedSql } from '../../traffic/truth.js'
import type { Observer } from '../demo-database.js'

export async function observePostgres(url: string): Promise<Observer> {
  const client = new pg.Client({ connectionString: url, application_name: 'demo' })
  // The server may be stopped under it by Ctrl-C.
  client.on('error', () => {})
  await client.connect()
  const one = async <R extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<R> =>
    (await client.query<R>(text, [...values])).rows[0]!
  const { version } = await one<{ version: string }>(`SELECT current_setting('server_version') AS version`)

  return {
    server: `PostgreSQL ${version.split(' ')[0]}`,
    isEmpty: async () => {
      const { tables } = await one<{ tables: number }>(`
        SELECT count(*)::integer AS tables FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`)
      return tables === 0
    },
    async fillUsers(rows) {
      await client.query(
        `INSERT INTO users (email, verified_at)
         SELECT 'user' || n || '@example.org',
                CASE WHEN ${initiallyVerifiedSql('n')} THEN timestamptz '2026-01-01 00:00:00Z' + n * interval '1 second' END
         FROM generate_series(1, $1::bigint) AS n`,
        [rows],
      )
      await client.query('VACUUM ANALYZE users')
    },
    tableSize: async () =>
      Number((await one<{ bytes: string }>("SELECT pg_total_relation_size('users') AS bytes")).bytes),
    async compareRows(truth) {
      const changes = [...truth.changes()]
      await client.query('CREATE TEMPORARY TABLE truth (id bigint PRIMARY KEY, verified boolean NOT NULL)')
      await client.query(
        `INSERT INTO truth SELECT id, ${initiallyVerifiedSql('id')} FROM generate_series(1, $1::bigint) AS id`,
        [truth.rows],
      )
      await client.query(
        `INSERT INTO truth SELECT * FROM unnest($1::bigint[], $2::boolean[])
         ON CONFLICT (id) DO UPDATE SET verified = excluded.verified`,
        [changes.map(([id]) => id), changes.map(([, verified]) => verified)],
      )
      return one(`
        SELECT count(users.id)::integer AS rows,
               count(*) FILTER (WHERE users.email_verified IS DISTINCT FROM truth.verified)::integer AS wrong
        FROM users FULL JOIN truth USING (id)`)
    },
    /** PostgreSQL docs: pg_locks.waitstart is when a session began to wait; it is briefly empty after that. */
    longestWait: async () => {
      const { ms } = await one<{ ms: number }>(`
        SELECT coalesce(max(extract(epoch FROM clock_timestamp() - waiting.waitstart)) * 1000, 0)::float8 AS ms
        FROM pg_locks waiting JOIN pg_stat_activity session USING (pid)
        WHERE NOT waiting.granted AND session.application_name LIKE 'api %'`)
      return ms
    },
    end: () => client.end(),
  }
}

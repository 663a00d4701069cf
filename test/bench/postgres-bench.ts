import pg from 'pg'
import type { RunningPostgres } from '../support/start-postgres.js'
import { type BenchDatabase, UPDATE } from './bench-database.js'

export async function postgresBench(server: RunningPostgres): Promise<BenchDatabase> {
  const client = new pg.Client({ connectionString: server.url() })
  await client.connect()
  const size = async (): Promise<number> =>
    Number((await client.query(`SELECT pg_total_relation_size('users') AS size`)).rows[0].size)
  return {
    server: `PostgreSQL ${server.version}`,
    dialect: { package: '@phasegate/postgres', connect: 'connectPostgres' },
    url: server.url(),
    fresh: async (rows) => {
      await client.query(`DROP TABLE IF EXISTS users; DROP SCHEMA IF EXISTS phasegate CASCADE;
        CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, verified_at timestamptz, email_verified boolean);
        INSERT INTO users SELECT g, 'user' || g || '@example.com', CASE WHEN g % 3 = 0 THEN now() END FROM generate_series(1, ${rows}) g`)
      await client.query('VACUUM ANALYZE users')
      await client.query('CHECKPOINT')
      return size()
    },
    size,
    update: async () => {
      await client.query(UPDATE)
    },
    close: () => client.end(),
  }
}

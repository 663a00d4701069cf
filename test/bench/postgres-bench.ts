import pg from 'pg'
import type { RunningPostgres } from '../support/start-postgres.js'
import { type BenchDatabase, type Key, UPDATE } from './bench-database.js'

const KEYS: Readonly<Record<Key, { readonly type: string; readonly value: string }>> = {
  bigint: { type: 'bigint', value: 'g' },
  uuid: { type: 'uuid', value: 'gen_random_uuid()' },
}

export async function postgresBench(server: RunningPostgres): Promise<BenchDatabase> {
  const client = new pg.Client({ connectionString: server.url() })
  // A server that goes away ends this connection too; the bench that runs sees that in its own calls.
  client.on('error', () => {})
  await client.connect()
  let start = '0/0'
  const number = async (sql: string): Promise<number> => Number((await client.query(sql)).rows[0].number)
  const size = (): Promise<number> => number(`SELECT pg_total_relation_size('users') AS number`)
  return {
    server: `PostgreSQL ${server.version}`,
    url: server.url(),
    speed: { better: 'more', aim: 1, miss: 0.8 },
    growth: { better: 'less', aim: 1.25, miss: 1.35 },
    traffic: {
      driver: 'postgres',
      read: 'SELECT * FROM users WHERE id = $1',
      write: 'UPDATE users SET email = $1 WHERE id = $2',
    },
    fresh: async (rows, key = 'bigint') => {
      const { type, value } = KEYS[key]
      await client.query(`DROP TABLE IF EXISTS users; DROP SCHEMA IF EXISTS phasegate CASCADE;
        CREATE TABLE users (id ${type} NOT NULL, email text NOT NULL, verified_at timestamptz, email_verified boolean);
        INSERT INTO users SELECT ${value}, 'user' || g || '@example.com', CASE WHEN g % 3 = 0 THEN now() END
        FROM generate_series(1, ${rows}) g;
        ALTER TABLE users ADD PRIMARY KEY (id)`)
      await client.query('VACUUM ANALYZE users')
      await client.query('CHECKPOINT')
      start = (await client.query('SELECT pg_current_wal_insert_lsn() AS lsn')).rows[0].lsn
      return size()
    },
    size,
    logged: () => number(`SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '${start}') AS number`),
    update: async () => {
      await client.query(UPDATE)
    },
    close: () => client.end(),
  }
}

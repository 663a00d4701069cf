import type pg from 'pg'
import { initiallyVerifiedSql } from '../traffic/truth.js'

/** Users 1 to `rows`, the same every time. */
export async function fillUsers(client: pg.Client, rows: number): Promise<void> {
  await client.query(
    `INSERT INTO users (email, created_at, verified_at)
     SELECT 'user' || n || '@example.org',
            timestamptz '2025-01-01 00:00:00Z' + n * interval '1 second',
            CASE WHEN ${initiallyVerifiedSql('n')} THEN timestamptz '2026-01-01 00:00:00Z' + n * interval '1 second' END
     FROM generate_series(1, $1::bigint) AS n`,
    [rows],
  )
  await client.query('VACUUM ANALYZE users')
}

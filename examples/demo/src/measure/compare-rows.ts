import type pg from 'pg'
import { initiallyVerifiedSql, type Truth } from '../traffic/truth.js'

export interface RowComparison {
  readonly rows: number
  /** Rows with a wrong value, rows that are missing, rows that nobody made. */
  readonly wrong: number
}

/** Compares every row of the table with the truth, both ways. */
export async function compareRows(client: pg.Client, truth: Truth): Promise<RowComparison> {
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
  const { rows } = await client.query<{ rows: number; wrong: number }>(`
    SELECT count(users.id)::integer AS rows,
           count(*) FILTER (WHERE users.email_verified IS DISTINCT FROM truth.verified)::integer AS wrong
    FROM users FULL JOIN truth USING (id)`)
  return rows[0]!
}

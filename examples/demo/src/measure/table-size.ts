import type pg from 'pg'

/** Bytes of the users table with its indexes and all else that belongs to it. */
export async function tableSize(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>("SELECT pg_total_relation_size('users') AS bytes")
  return Number(rows[0]!.bytes)
}

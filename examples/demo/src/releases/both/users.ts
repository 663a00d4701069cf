import type pg from 'pg'
import type { User, UserStore } from '../../application/user-store.js'

/** Writes both columns, reads the old one: it runs beside releases that know only one of them. */
export function createUsers(pool: pg.Pool): UserStore {
  const one = async (text: string, values: readonly unknown[]): Promise<User | undefined> =>
    (await pool.query<User>(text, [...values])).rows[0]
  const seen = 'id, verified_at IS NOT NULL AS verified'
  const write = (id: string, verifiedAt: string, verified: boolean) =>
    one(`UPDATE users SET verified_at = ${verifiedAt}, email_verified = $2 WHERE id = $1 RETURNING ${seen}`, [
      id,
      verified,
    ])
  return {
    find: (id) => one(`SELECT ${seen} FROM users WHERE id = $1`, [id]),
    verify: (id) => write(id, 'now()', true),
    unverify: (id) => write(id, 'NULL', false),
    create: async ({ email, verified }) => {
      const inserted = `
        INSERT INTO users (email, verified_at, email_verified)
        VALUES ($1, CASE WHEN $2::boolean THEN now() END, $2)
        RETURNING ${seen}`
      return (await one(inserted, [email, verified]))!
    },
  }
}

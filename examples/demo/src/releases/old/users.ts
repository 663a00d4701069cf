import type pg from 'pg'
import type { User, UserStore } from '../../application/user-store.js'

/** Before the migration was written: a user is verified when `verified_at` is set. */
export function createUsers(pool: pg.Pool): UserStore {
  const one = async (text: string, values: readonly unknown[]): Promise<User | undefined> =>
    (await pool.query<User>(text, [...values])).rows[0]
  const seen = 'id, verified_at IS NOT NULL AS verified'
  return {
    find: (id) => one(`SELECT ${seen} FROM users WHERE id = $1`, [id]),
    verify: (id) => one(`UPDATE users SET verified_at = now() WHERE id = $1 RETURNING ${seen}`, [id]),
    unverify: (id) => one(`UPDATE users SET verified_at = NULL WHERE id = $1 RETURNING ${seen}`, [id]),
    create: async ({ email, verified }) => {
      const inserted = `INSERT INTO users (email, verified_at) VALUES ($1, CASE WHEN $2::boolean THEN now() END) RETURNING ${seen}`
      return (await one(inserted, [email, verified]))!
    },
  }
}

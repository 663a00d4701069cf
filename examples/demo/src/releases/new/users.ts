import type pg from 'pg'
import type { User, UserStore } from '../../application/user-store.js'

/** Knows only `email_verified`. */
export function createUsers(pool: pg.Pool): UserStore {
  const one = async (text: string, values: readonly unknown[]): Promise<User | undefined> =>
    (await pool.query<User>(text, [...values])).rows[0]
  const seen = 'id, email_verified AS verified'
  const write = (id: string, verified: boolean) =>
    one(`UPDATE users SET email_verified = $2 WHERE id = $1 RETURNING ${seen}`, [id, verified])
  return {
    find: (id) => one(`SELECT ${seen} FROM users WHERE id = $1`, [id]),
    verify: (id) => write(id, true),
    unverify: (id) => write(id, false),
    create: async ({ email, verified }) => {
      const inserted = `INSERT INTO users (email, email_verified) VALUES ($1, $2) RETURNING ${seen}`
      return (await one(inserted, [email, verified]))!
    },
  }
}

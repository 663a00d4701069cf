import type { ApplicationPool } from '../../application/application-pool.js'
import { type UserStore, userOf } from '../../application/user-store.js'

/** Before the migration was written: a user is verified when `verified_at` is set. */
export function createUsers(pool: ApplicationPool): UserStore {
  const find = async (id: string) =>
    userOf(await pool.one('SELECT id, verified_at IS NOT NULL AS verified FROM users WHERE id = ?', [id]))
  return {
    find,
    verify: async (id) => {
      await pool.change('UPDATE users SET verified_at = now() WHERE id = ?', [id])
      return find(id)
    },
    unverify: async (id) => {
      await pool.change('UPDATE users SET verified_at = NULL WHERE id = ?', [id])
      return find(id)
    },
    create: async ({ email, verified }) => {
      const inserted = 'INSERT INTO users (email, verified_at) VALUES (?, CASE WHEN ? THEN now() END)'
      return (await find(await pool.insert(inserted, [email, verified])))!
    },
  }
}

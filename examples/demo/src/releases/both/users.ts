import type { ApplicationPool } from '../../application/application-pool.js'
import { type UserStore, userOf } from '../../application/user-store.js'

/** Writes both columns, reads the old one: it runs beside releases that know only one of them. */
export function createUsers(pool: ApplicationPool): UserStore {
  const find = async (id: string) =>
    userOf(await pool.one('SELECT id, verified_at IS NOT NULL AS verified FROM users WHERE id = ?', [id]))
  const write = async (id: string, verifiedAt: string, verified: boolean) => {
    await pool.change(`UPDATE users SET verified_at = ${verifiedAt}, email_verified = ? WHERE id = ?`, [verified, id])
    return find(id)
  }
  return {
    find,
    verify: (id) => write(id, 'now()', true),
    unverify: (id) => write(id, 'NULL', false),
    create: async ({ email, verified }) => {
      const inserted =
        'INSERT INTO users (email, verified_at, email_verified) VALUES (?, CASE WHEN ? THEN now() END, ?)'
      return (await find(await pool.insert(inserted, [email, verified, verified])))!
    },
  }
}

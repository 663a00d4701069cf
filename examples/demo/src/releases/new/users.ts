import type { ApplicationPool } from '../../application/application-pool.js'
import { type UserStore, userOf } from '../../application/user-store.js'

/** Knows only `email_verified`. */
export function createUsers(pool: ApplicationPool): UserStore {
  const find = async (id: string) =>
    userOf(await pool.one('SELECT id, email_verified AS verified FROM users WHERE id = ?', [id]))
  const write = async (id: string, verified: boolean) => {
    await pool.change('UPDATE users SET email_verified = ? WHERE id = ?', [verified, id])
    return find(id)
  }
  return {
    find,
    verify: (id) => write(id, true),
    unverify: (id) => write(id, false),
    create: async ({ email, verified }) =>
      (await find(await pool.insert('INSERT INTO users (email, email_verified) VALUES (?, ?)', [email, verified])))!,
  }
}

import type { ApplicationPool } from '../../application/application-pool.js'
import type { UserStore } from '../../application/user-store.js'
import { createUsers as createNewUsers } from '../new/users.js'

/** `new` with a bug: it says that it unverified a user and writes nothing. Proves that the demo would notice. */
export function createUsers(pool: ApplicationPool): UserStore {
  const users = createNewUsers(pool)
  return { ...users, unverify: async (id) => ({ id, verified: false }) }
}

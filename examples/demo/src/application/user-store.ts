import type { Row } from './application-pool.js'

/** What a client of the application sees, whatever columns it is made of. */
export interface User {
  /** A bigint, as text: JavaScript numbers end at 2^53. */
  readonly id: string
  readonly verified: boolean
}

export interface NewUser {
  readonly email: string
  readonly verified: boolean
}

/** The only part of the application that differs from release to release. Undefined: there is no such user. */
export interface UserStore {
  find(id: string): Promise<User | undefined>
  verify(id: string): Promise<User | undefined>
  unverify(id: string): Promise<User | undefined>
  create(user: NewUser): Promise<User>
}

/**
 * What the database says of a user: `id` and `verified`, which MySQL and MariaDB give as 0 or 1.
 *
 * @throws Error where `verified` is NULL: the release reads a column that nobody has filled
 */
export function userOf(row: Row | undefined): User | undefined {
  if (row === undefined) return undefined
  if (row.verified === null) throw new Error(`user ${row.id} has no value in the column that is read`)
  return { id: String(row.id), verified: Boolean(Number(row.verified)) }
}

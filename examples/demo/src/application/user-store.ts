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

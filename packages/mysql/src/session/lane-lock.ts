import { createHash } from 'node:crypto'
import type { LockName, Session } from '@phasegate/core'

/**
 * Name of a lock; the parameter is what `lockKey` makes of it. User-level locks are the server's, so that the database is part of it:
 * as a hash, since a name has at most 64 characters (MySQL Reference Manual, "Locking Functions"), and in lower case where
 * the server does not tell databases by case. Not MD5 or SHA1: MySQL 9.6 moved them into a component.
 */
export const LANE_LOCK = `CONCAT('phasegate_', ?, '_',
  LEFT(SHA2(IF(@@lower_case_table_names = 0, DATABASE(), LOWER(DATABASE())), 256), 24))`

/** A lane's name as it is; of a table its hash, in as many characters as the name has left. */
export function lockKey(lock: LockName): string {
  return lock.startsWith('table ') ? `t${createHash('sha256').update(lock).digest('hex').slice(0, 28)}` : lock
}

/** Name of the lock by which a session shows that it lives; the parameter is its token, `Backend.startedAt`. */
export const SESSION_LOCK = `CONCAT('phasegate_s_', ?)`

/** Tries and returns at once: a session that waits inside the server could not be asked to stop. */
export async function tryLaneLock(session: Session, lock: LockName): Promise<boolean> {
  // 1: taken; 0: somebody else's. As text or number: MySQL and MariaDB differ in the type of a literal's column.
  const [row] = await session.query<{ taken: number | string | null }>(`SELECT GET_LOCK(${LANE_LOCK}, 0) AS taken`, [
    lockKey(lock),
  ])
  return Number(row?.taken) === 1
}

export async function releaseLaneLock(session: Session, lock: LockName): Promise<void> {
  await session.query(`DO RELEASE_LOCK(${LANE_LOCK})`, [lockKey(lock)])
}

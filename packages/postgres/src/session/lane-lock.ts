import type { LockName, Session } from '@phasegate/core'

/**
 * Class of our advisory locks: two int4 keys, which cannot meet the one-bigint keys that other tools use. Advisory locks
 * are per database, so a target needs no part in the key. ("phas" as ASCII.)
 */
export const LOCK_CLASS = 0x70686173

export const LOCK_KEYS: Readonly<Record<LockName, number>> = { journal: 1, expand: 2, backfill: 3, contract: 4 }

/**
 * Tries and returns at once. Never `pg_advisory_lock`: a session that waits inside it holds a snapshot, for which the
 * holder's CREATE INDEX CONCURRENTLY waits in turn, until one of them dies of a deadlock.
 */
export async function tryLaneLock(session: Session, lock: LockName): Promise<boolean> {
  const [row] = await session.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS taken', [
    LOCK_CLASS,
    LOCK_KEYS[lock],
  ])
  return row?.taken === true
}

export async function releaseLaneLock(session: Session, lock: LockName): Promise<void> {
  await session.query('SELECT pg_advisory_unlock($1, $2)', [LOCK_CLASS, LOCK_KEYS[lock]])
}

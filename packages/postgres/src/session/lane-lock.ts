import { createHash } from 'node:crypto'
import type { LockName, Session } from '@phasegate/core'

/**
 * Class of our advisory locks: two int4 keys, which cannot meet the one-bigint keys that other tools use. Advisory locks
 * are per database, so a target needs no part in the key. ("phas" as ASCII.)
 */
export const LOCK_CLASS = 0x70686173

const LANES = { journal: 1, expand: 2, backfill: 3, contract: 4 } as const

/** Class of the locks of tables: their keys are hashes, where two tables in two billion are one. */
export const TABLE_LOCK_CLASS = LOCK_CLASS + 1

/** The two keys of a lock. */
export function lockKeys(lock: LockName): readonly [number, number] {
  if (!isTableLock(lock)) return [LOCK_CLASS, LANES[lock]]
  return [TABLE_LOCK_CLASS, createHash('sha256').update(lock).digest().readUInt32BE() >>> 1]
}

function isTableLock(lock: LockName): lock is Extract<LockName, `table ${string}`> {
  return lock.startsWith('table ')
}

/**
 * Tries and returns at once. Never `pg_advisory_lock`: a session that waits inside it holds a snapshot, for which the
 * holder's CREATE INDEX CONCURRENTLY waits in turn, until one of them dies of a deadlock.
 */
export async function tryLaneLock(session: Session, lock: LockName): Promise<boolean> {
  const [row] = await session.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS taken', lockKeys(lock))
  return row?.taken === true
}

export async function releaseLaneLock(session: Session, lock: LockName): Promise<void> {
  await session.query('SELECT pg_advisory_unlock($1, $2)', lockKeys(lock))
}

import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/** ms between two looks. */
const LOOK_EVERY = 20

export interface LockWaits {
  /** From now on counted under this name. */
  begin(phase: string): void
  /** ms, the longest wait seen in the phase; off by the time between two looks at most. */
  longest(phase: string): number
  stop(): Promise<void>
}

/**
 * Looks again and again at which of the application's sessions wait for a lock, and for how long.
 *
 * PostgreSQL docs: pg_locks.waitstart is when a session began to wait; it is briefly empty after that.
 */
export async function watchLockWaits(url: string): Promise<LockWaits> {
  const client = new pg.Client({ connectionString: url, application_name: 'demo lock watch' })
  await client.connect()
  const longest = new Map<string, number>()
  let current = ''
  let stopping = false
  const watching = watch()
  // Reported by `stop`; until then it must not end the process.
  watching.catch(() => {})

  return {
    begin: (phase) => {
      current = phase
    },
    longest: (phase) => longest.get(phase) ?? 0,
    async stop() {
      stopping = true
      await watching.finally(() => client.end())
    },
  }

  async function watch(): Promise<void> {
    while (!stopping) {
      const phase = current
      const { rows } = await client.query<{ ms: number }>(`
        SELECT coalesce(max(extract(epoch FROM clock_timestamp() - waiting.waitstart)) * 1000, 0)::float8 AS ms
        FROM pg_locks waiting JOIN pg_stat_activity session USING (pid)
        WHERE NOT waiting.granted AND session.application_name LIKE 'api %'`)
      longest.set(phase, Math.max(longest.get(phase) ?? 0, rows[0]?.ms ?? 0))
      await sleep(LOOK_EVERY)
    }
  }
}

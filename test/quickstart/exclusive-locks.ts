import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

export interface ExclusiveLocks {
  /** Ends watching; `longest`: ms that one transaction was seen to hold an ACCESS EXCLUSIVE lock on the table. */
  stop(): Promise<{ readonly longest: number }>
}

/** Looks every few ms at who holds an ACCESS EXCLUSIVE lock on the table, and for how long by the server's clock. */
export async function watchExclusiveLocks(url: string, table: string): Promise<ExclusiveLocks> {
  const client = new pg.Client({ connectionString: url, application_name: 'lock watch' })
  await client.connect()
  const seen = new Map<string, { readonly first: number; last: number }>()
  let stopping = false

  const watching = (async () => {
    while (!stopping) {
      const { rows } = await client.query<{ holder: string; now: number }>(
        `SELECT virtualtransaction AS holder, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now
         FROM pg_locks WHERE relation = $1::regclass AND mode = 'AccessExclusiveLock' AND granted`,
        [table],
      )
      for (const { holder, now } of rows) {
        const before = seen.get(holder)
        if (before === undefined) seen.set(holder, { first: now, last: now })
        else before.last = now
      }
      await sleep(3)
    }
    await client.end()
  })()

  return {
    async stop() {
      stopping = true
      await watching
      return { longest: Math.max(0, ...[...seen.values()].map(({ first, last }) => last - first)) }
    },
  }
}

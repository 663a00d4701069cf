import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Postgres {
  readonly url: string
  readonly version: string
  /** Stops the server and deletes its data. */
  stop(): Promise<void>
}

/** What postgres-process.ts tells us, once. */
export type PostgresMessage = { readonly url: string; readonly version: string } | { readonly error: string }

/**
 * Starts a PostgreSQL with an empty database in a temporary directory, on a free port. It is looked after by a process
 * of its own, which stops it and deletes its data when this process is gone, however it ended.
 *
 * @param database its name
 */
export async function startPostgres(database: string): Promise<Postgres> {
  const keeper = fork(fileURLToPath(new URL('./postgres-process.js', import.meta.url)), [database])
  const exited = once(keeper, 'exit')
  const [message] = (await Promise.race([
    once(keeper, 'message'),
    exited.then(([code]) => [{ error: `the process that starts PostgreSQL ended with ${code}` }]),
  ])) as [PostgresMessage]
  if ('error' in message) throw new Error(message.error)
  return {
    ...message,
    async stop() {
      if (keeper.connected) keeper.disconnect()
      await exited
    },
  }
}

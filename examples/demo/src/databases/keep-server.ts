import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { NoServer } from './server-start.js'

export interface KeptServer {
  readonly url: string
  /** Stops the server and deletes its data. */
  stop(): Promise<void>
}

/** What server-keeper.ts tells us, once. */
export type KeeperMessage = { readonly url: string } | { readonly error: string; readonly noServer: boolean }

/**
 * Starts a server with an empty database in a temporary directory, on a free port. It is looked after by a process of its
 * own, which stops it and deletes its data when this process is gone, however it ended.
 *
 * @param name one of `DATABASES`
 * @throws `NoServer` where there is none here
 */
export async function keepServer(name: string, database: string): Promise<KeptServer> {
  const keeper = fork(fileURLToPath(new URL('./server-keeper.js', import.meta.url)), [name, database])
  const exited = once(keeper, 'exit')
  const [message] = (await Promise.race([
    once(keeper, 'message'),
    exited.then(([code]) => [{ error: `the process that starts the server ended with ${code}`, noServer: false }]),
  ])) as [KeeperMessage]
  if ('error' in message) throw message.noServer ? new NoServer(message.error) : new Error(message.error)
  return {
    url: message.url,
    async stop() {
      if (keeper.connected) keeper.disconnect()
      await exited
    },
  }
}

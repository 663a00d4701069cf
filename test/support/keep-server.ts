import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { KeptServer } from './server-keeper.mjs'

let keeper: ChildProcess | undefined

/**
 * Puts a server under the care of this process's keeper (server-keeper.mjs): it is stopped, and `dir` deleted, when
 * this process calls `endServers` or ends in any way, SIGKILL included.
 */
export function keepServer(server: KeptServer): void {
  if (keeper === undefined) {
    keeper = spawn(process.execPath, [fileURLToPath(new URL('./server-keeper.mjs', import.meta.url))], {
      detached: true,
      stdio: ['pipe', 'ignore', 'inherit'],
    })
    // Neither the child nor the pipe to it may keep this process alive.
    keeper.unref()
    ;(keeper.stdin as Socket).unref()
  }
  keeper.stdin?.write(`${JSON.stringify(server)}\n`)
}

/** Stops every server that this process started, and waits until they are gone. */
export async function endServers(): Promise<void> {
  const ending = keeper
  if (ending === undefined) return
  keeper = undefined
  ending.ref()
  ending.stdin?.end()
  if (ending.exitCode === null && ending.signalCode === null) await once(ending, 'exit')
}

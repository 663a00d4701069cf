import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** @import { ChildProcess } from 'node:child_process' */
/** @import { Socket } from 'node:net' */
/** @import { KeptServer } from './server-keeper.mjs' */

/** @type {ChildProcess | undefined} */
let keeper

/**
 * Puts a server under the care of this process's keeper (server-keeper.mjs): it is stopped, and what it left deleted,
 * when this process calls `endServers` or ends in any way, SIGKILL included.
 *
 * @param {KeptServer} server
 */
export function keepServer(server) {
  if (keeper === undefined) {
    keeper = spawn(process.execPath, [fileURLToPath(new URL('./server-keeper.mjs', import.meta.url))], {
      detached: true,
      stdio: ['pipe', 'ignore', 'inherit'],
    })
    // Neither the child nor the pipe to it may keep this process alive.
    keeper.unref()
    const pipe = /** @type {Socket} */ (keeper.stdin)
    pipe.unref()
  }
  keeper.stdin?.write(`${JSON.stringify(server)}\n`)
}

/** Stops every server that this process started, and waits until they are gone. */
export async function endServers() {
  const ending = keeper
  if (ending === undefined) return
  keeper = undefined
  ending.ref()
  ending.stdin?.end()
  if (ending.exitCode === null && ending.signalCode === null) await once(ending, 'exit')
}

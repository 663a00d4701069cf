import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'

const TIMEOUT = 120_000

/**
 * Waits until the server takes connections.
 *
 * @param why tells why it never will any more; undefined while it may
 */
export async function untilReachable(url: string, why: () => Promise<string | undefined>): Promise<void> {
  for (const deadline = Date.now() + TIMEOUT; ; await sleep(200)) {
    try {
      await (await mysql.createConnection({ uri: url, connectTimeout: 2_000 })).end()
      return
    } catch (error) {
      const ended = await why()
      if (ended !== undefined) throw new Error(ended)
      if (Date.now() > deadline) throw error
    }
  }
}

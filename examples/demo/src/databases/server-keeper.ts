// Runs one database server until the parent process disconnects or dies; then stops it and deletes its directory.
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCleanup } from '../cleanup.js'
import { DATABASES } from './databases.js'
import type { KeeperMessage } from './keep-server.js'
import { NoServer } from './server-start.js'

const [, , name = '', database = 'demo'] = process.argv
const cleanup = createCleanup()
const stopped = once(process, 'disconnect')
// Ctrl-C and the like reach the parent too, and it disconnects when it has stopped what uses the database.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

try {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'phasegate-demo-')))
  cleanup.add(async () => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }))
  tell({ url: await DATABASES[name]!.start(dir, database, cleanup) })
  await stopped
} catch (error) {
  const said = error instanceof Error ? error.message : String(error)
  const noServer = error instanceof NoServer
  tell({ error: noServer ? said : `${name} did not start: ${said}`, noServer })
  process.exitCode = 1
} finally {
  for (const failure of await cleanup.run()) console.error(failure)
  if (process.connected) process.disconnect()
}

function tell(message: KeeperMessage): void {
  // The parent may be gone by now; then there is nobody to tell.
  if (process.connected) process.send?.(message)
}

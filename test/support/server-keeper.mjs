// Ends servers when whoever started them is gone, however that happened: teardown, SIGINT, a crash, SIGKILL.
//
// It reads one JSON line a server from its standard input: `{ "pidFile": …, "dir": …, "signal": … }` for a process,
// `{ "label": … }` for containers. The pipe's other end belongs to the process that started the servers; the kernel
// closes it when that process ends, and end of input is the signal to stop every server (by the pid in its file, or by
// its label) and to delete its directory. It runs in a session of its own, so that ^C in a terminal does not reach it.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { removeContainers } from './docker.mjs'
import { isAlive, killTree } from './process-tree.mjs'

const GRACE_MS = 5000

/** @typedef {{ readonly pidFile: string, readonly dir: string, readonly signal: NodeJS.Signals }} KeptProcess */
/** @typedef {{ readonly label: string }} KeptContainers */
/** @typedef {KeptProcess | KeptContainers} KeptServer */

/** @type {KeptServer[]} */
const kept = []

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})

for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() !== '') kept.push(JSON.parse(line))
}
await Promise.all(kept.map((server) => ('label' in server ? removeContainers(server.label) : end(server))))

/** @param {KeptProcess} server */
async function end({ pidFile, dir, signal }) {
  const pid = existsSync(pidFile) ? Number.parseInt(readFileSync(pidFile, 'utf8'), 10) : Number.NaN
  if (pid > 1 && isAlive(pid, dir)) {
    try {
      process.kill(pid, signal)
    } catch {
      // It ended between the two calls: nothing left to stop.
    }
    for (let waited = 0; waited < GRACE_MS && isAlive(pid, dir); waited += 50) await sleep(50)
    if (isAlive(pid, dir)) await killTree(pid)
  }
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}

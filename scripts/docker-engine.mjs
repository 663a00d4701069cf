import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, readFileSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { dockerEngine } from '../test/support/docker.mjs'
import { keepServer } from '../test/support/keep-server.mjs'

/** @import { ContainerRuntimeClient } from 'testcontainers' */

const DAEMON = '/usr/sbin/dockerd'
const START_TIMEOUT_MS = 60_000

/** A machine without the right to change its packet filter can still publish ports, by Docker's own proxy. */
const WAYS = [[], ['--iptables=false', '--ip6tables=false']]

/**
 * The Docker engine of this machine; where none answers and we are root, one is started, and stopped when this process
 * ends. What it keeps (images) stays.
 *
 * @returns {Promise<ContainerRuntimeClient | undefined>} undefined where there is none to be had
 */
export async function ensureDockerEngine() {
  const running = await dockerEngine()
  if (running !== undefined) return running
  if (process.getuid?.() !== 0 || !existsSync(DAEMON)) return undefined
  for (const way of WAYS) {
    const engine = await start(way)
    if (engine !== undefined) return engine
  }
  return undefined
}

/** @param {readonly string[]} options */
async function start(options) {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'phasegate-docker-')))
  const pidFile = join(dir, 'pid')
  const log = join(dir, 'log')
  keepServer({ pidFile, dir, signal: 'SIGTERM' })
  const output = openSync(log, 'a')
  const daemon = spawn(DAEMON, [`--pidfile=${pidFile}`, ...options], {
    detached: true,
    stdio: ['ignore', output, output],
  })
  daemon.unref()
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; await sleep(250)) {
    if (daemon.exitCode !== null || daemon.signalCode !== null) break
    const engine = await dockerEngine()
    if (engine !== undefined) return engine
  }
  daemon.kill('SIGTERM')
  const says = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-3).join('\n')
  console.log(`dockerd ${options.join(' ')} did not start:\n${says}`)
  return undefined
}

import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const WINDOWS = process.platform === 'win32'

/**
 * Runs a tool of node_modules/.bin in the root folder, with its output where ours goes.
 *
 * @param {string} tool
 * @param {readonly string[]} args
 * @param {{ env?: Record<string, string>, timeout?: number }} [options] `timeout` in ms; 0, the default, is none
 * @returns {Promise<number>} its exit code; 1 where a signal ended it
 */
export function runTool(tool, args, { env = {}, timeout = 0 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(binary(tool), args, {
      cwd: ROOT,
      stdio: 'inherit',
      shell: WINDOWS,
      env: { ...process.env, ...env },
    })
    const timer = timeout === 0 ? undefined : setTimeout(() => end(tool, child, timeout), timeout)
    // ^C reaches the tool by itself; we stay to say how it ended.
    const wait = () => {}
    const forward = () => child.kill('SIGTERM')
    process.on('SIGINT', wait)
    process.on('SIGTERM', forward)
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      process.off('SIGINT', wait)
      process.off('SIGTERM', forward)
      resolve(code ?? 1)
    })
  })
}

/**
 * Runs a tool of node_modules/.bin in the root folder and keeps what it prints.
 *
 * @param {string} tool
 * @param {readonly string[]} args
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export function readTool(tool, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(binary(tool), args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: WINDOWS,
      env: { ...process.env, NO_COLOR: '1', TURBO_TELEMETRY_DISABLED: '1' },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        output += chunk
      })
    }
    child.once('error', reject)
    child.once('close', (code) => resolve({ ok: code === 0, output }))
  })
}

/** Builds every package; quiet unless one fails. Turbo's telemetry stays off. */
export function build() {
  const quiet = ['--output-logs=errors-only', '--ui=stream', '--no-update-notifier']
  return runTool('turbo', ['run', 'build', ...quiet], { env: { TURBO_TELEMETRY_DISABLED: '1' } })
}

/**
 * @param {string} tool
 * @param {import('node:child_process').ChildProcess} child
 * @param {number} timeout ms
 */
function end(tool, child, timeout) {
  console.log(`\n${tool} is ended after ${timeout / 60_000} minutes`)
  child.kill('SIGTERM')
  setTimeout(() => child.kill('SIGKILL'), 10_000).unref()
}

/** @param {string} tool */
function binary(tool) {
  return join(ROOT, 'node_modules', '.bin', WINDOWS ? `${tool}.cmd` : tool)
}

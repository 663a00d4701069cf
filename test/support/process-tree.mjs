import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Is this process there, and is it still the one whose command line mentions `mark`? A pid may have been reused since it
 * was written down. Zombies count as gone. (On Windows only the pid is looked at.)
 *
 * @param {number} pid
 * @param {string} [mark]
 */
export function isAlive(pid, mark) {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EPERM') return false
  }
  if (process.platform === 'win32') return true
  const command = commandOf(pid)
  return command !== '' && (mark === undefined || command.includes(mark))
}

/**
 * Kills a process and its children with SIGKILL and waits until all of them are gone. The parent is stopped first, so
 * that it cannot fork between the listing and the kill.
 *
 * @param {number} pid
 * @param {number} [timeoutMs]
 */
export async function killTree(pid, timeoutMs = 10_000) {
  if (process.platform === 'win32') {
    execFileSync('taskkill', ['/pid', String(pid), '/t', '/f'])
    return
  }
  signal(pid, 'SIGSTOP')
  const all = [pid, ...childrenOf(pid)]
  for (const one of all) signal(one, 'SIGKILL')
  for (let waited = 0; all.some((one) => isAlive(one)); waited += 10) {
    if (waited > timeoutMs) throw new Error(`processes ${all.filter((one) => isAlive(one)).join(', ')} do not end`)
    await sleep(10)
  }
}

/** @param {number} pid @param {NodeJS.Signals} name */
function signal(pid, name) {
  try {
    process.kill(pid, name)
  } catch (error) {
    // ESRCH: gone already, which is what is wanted.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error
  }
}

/** @param {number} pid @returns {number[]} */
export function childrenOf(pid) {
  return processes()
    .filter((one) => one.parent === pid)
    .map((one) => one.pid)
}

/** @returns {{ pid: number, parent: number }[]} */
function processes() {
  if (!existsSync('/proc/self/stat')) {
    return execFileSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .map(([pid = 0, parent = 0]) => ({ pid, parent }))
  }
  const found = []
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const parent = statOf(Number(entry))?.[1]
    if (parent !== undefined) found.push({ pid: Number(entry), parent: Number(parent) })
  }
  return found
}

/**
 * State and what follows of /proc/<pid>/stat; the name before it may hold blanks and parentheses (proc(5)).
 *
 * @param {number} pid
 * @returns {string[] | undefined} undefined where the process has ended
 */
function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

/** @param {number} pid @returns {string} the command line; empty for what is gone or a zombie */
function commandOf(pid) {
  try {
    if (existsSync('/proc/self/stat')) {
      if (statOf(pid)?.[0] === 'Z') return ''
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    }
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  } catch {
    return ''
  }
}

import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'

/** Bytes of the output that are kept: the last ones. */
const MOST = 65_536

/** What every program gets; what else it needs is given by name. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SystemRoot', 'PATHEXT', 'TEMP']

interface ProgramOptions {
  readonly cwd?: string
  readonly environment: Readonly<Record<string, string>>
  /** Aborted: the program and all that it started are killed. */
  readonly signal?: AbortSignal | undefined
}

interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The end of what it wrote to each. */
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a program to its end in a process group of its own, which is killed whole: when `signal` is aborted, and when the
 * program itself has ended, since what it left running would hold on to our pipes. Rejects where it cannot be started.
 */
export function runProgram(program: string, args: readonly string[], options: ProgramOptions): Promise<Ended> {
  const { cwd, environment, signal } = options
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...passedOn(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own.
      detached: true,
      windowsHide: true,
    })
    const stdout = endOf(child.stdout)
    const stderr = endOf(child.stderr)
    const kill = (): void => killGroup(child.pid)
    const giveUp = (): void => {
      kill()
      // What left the group is out of reach; we wait for it no longer.
      child.stdout.destroy()
      child.stderr.destroy()
    }
    signal?.addEventListener('abort', giveUp, { once: true })
    if (signal?.aborted) giveUp()
    child.once('error', (error) => {
      signal?.removeEventListener('abort', giveUp)
      reject(new Error(`${program} could not be started: ${error.message}`))
    })
    child.once('exit', (code, by) => {
      kill()
      // All that wrote to the pipes is dead now, so that they end; what is in them is still read.
      child.once('close', () => {
        signal?.removeEventListener('abort', giveUp)
        resolve({ code, signal: by, stdout: stdout(), stderr: stderr() })
      })
    })
  })
}

/** Keeps the end of what comes, and gives it as text. */
function endOf(stream: Readable): () => string {
  let end: Buffer = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    end = Buffer.concat([end, chunk]).subarray(-MOST)
  })
  return () => end.toString('utf8')
}

function passedOn(): Record<string, string> {
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // ESRCH: nobody of the group is left, which is what was wanted.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { atTestEnd } from './at-test-end.js'

const BIN = fileURLToPath(new URL('../../packages/phasegate/dist/bin.js', import.meta.url))
const TIMEOUT_MS = 60_000

export interface CliOptions {
  /** On top of a bare environment: PATH, HOME and the like, and nothing of ours, vitest's or CI's. */
  readonly env?: Readonly<Record<string, string>>
  /** ms until it is killed with SIGKILL; default 60000. */
  readonly timeout?: number
  /** What it reads from standard input; default: nothing, at its end. */
  readonly input?: string
  /** Another script than the real bin. */
  readonly bin?: string
}

export interface CliResult {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** True where the timeout killed it. */
  readonly timedOut: boolean
  /** Standard output as JSON; throws with both outputs where it is not. */
  json<T>(): T
}

export interface RunningCli {
  readonly pid: number
  readonly process: ChildProcess
  /** What it wrote so far. */
  stdout(): string
  stderr(): string
  kill(signal?: NodeJS.Signals): void
  /** Resolves when either output matches; rejects where it ends first, or after `timeout` ms (default 30000). */
  waitFor(pattern: RegExp, timeout?: number): Promise<void>
  /** Resolves when it has ended and both outputs were read. */
  readonly ended: Promise<CliResult>
}

/** Runs the real command line in the project's folder and waits for its end. */
export function runCli(
  project: { readonly dir: string },
  args: readonly string[],
  options?: CliOptions,
): Promise<CliResult> {
  return startCli(project, args, options).ended
}

/** Starts the real command line without waiting. Left running at the end of the test that started it, it is killed. */
export function startCli(
  project: { readonly dir: string },
  args: readonly string[],
  options: CliOptions = {},
): RunningCli {
  const child = spawn(process.execPath, [options.bin ?? BIN, ...args], {
    cwd: project.dir,
    env: { ...bareEnvironment(), ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  let timedOut = false
  let over = false
  const watchers = new Set<() => void>()

  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
    for (const watch of watchers) watch()
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
    for (const watch of watchers) watch()
  })
  // A command that ends before it has read its input closes the pipe (EPIPE); its exit code tells the story.
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  const timer = setTimeout(() => {
    timedOut = true
    child.kill('SIGKILL')
  }, options.timeout ?? TIMEOUT_MS)

  const ended = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      over = true
      for (const watch of watchers) watch()
      resolve({ code, signal, stdout, stderr, timedOut, json: () => parse(stdout, stderr) })
    })
  })
  atTestEnd(async () => {
    if (!over) child.kill('SIGKILL')
    await ended
  })

  return {
    pid: child.pid ?? 0,
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    kill: (signal = 'SIGKILL') => void child.kill(signal),
    ended,
    waitFor(pattern, timeout = 30_000) {
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => finish(`no ${pattern} within ${timeout} ms`), timeout)
        const finish = (problem?: string): void => {
          clearTimeout(late)
          watchers.delete(watch)
          if (problem === undefined) resolve()
          else reject(new Error(`${problem}\n${outputs(stdout, stderr)}`))
        }
        const watch = (): void => {
          if (pattern.test(stdout) || pattern.test(stderr)) finish()
          else if (over) finish(`ended without ${pattern}`)
        }
        watchers.add(watch)
        watch()
      })
    },
  }
}

/** PHASEGATE_…, DATABASE_URL, CI and what vitest sets would change what the command does. */
function bareEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'USER', 'LANG', 'SystemRoot', 'APPDATA', 'LOCALAPPDATA']
  return Object.fromEntries(
    kept.flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function parse<T>(stdout: string, stderr: string): T {
  try {
    return JSON.parse(stdout) as T
  } catch (cause) {
    throw new Error(`standard output is not JSON\n${outputs(stdout, stderr)}`, { cause })
  }
}

function outputs(stdout: string, stderr: string): string {
  return `--- stdout\n${stdout}\n--- stderr\n${stderr}`
}

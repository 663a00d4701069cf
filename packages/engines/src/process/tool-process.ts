import { spawn } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ToolProcess } from '@phasegate/core'
import { execa } from 'execa'
import type { Command, Ending, Tool } from '../engine.js'
import type { RunFiles } from '../run-files.js'

/** What every tool gets of our environment: a secret may be in any of the others. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'LD_LIBRARY_PATH', 'PERL5LIB']
/** By this a process is known as the tool of a run, before its start is written anywhere. */
const MARK = 'PHASEGATE_RUN'
/**
 * Writes its own id and becomes the tool, so that there is no moment at which the tool runs and nobody could know. What the
 * tool makes is its user's alone.
 */
const WITH_PID = 'umask 077 && echo $$ > "$0" && exec "$@"'

/** How often a process is looked at that shows no environment, ms apart. */
const LOOKS = 20
const LOOK_EVERY = 10

/** The name that runs carry of the machine they are on. */
export const thisHost = (): string => os.hostname()

export interface StartedTool {
  readonly process: ToolProcess
  /** When it has ended. Never rejects. */
  readonly ended: Promise<Ending>
}

/**
 * Starts the tool so that it outlives us: in a process group of its own, its output going to files. Not for Windows, which
 * has none of the tools.
 *
 * @throws where it cannot be started
 */
export async function startTool(tool: Tool, command: Command, files: RunFiles): Promise<StartedTool> {
  const [stdout, stderr] = await Promise.all([
    open(files.path('stdout'), 'a', 0o600),
    open(files.path('stderr'), 'a', 0o600),
  ])
  try {
    await files.remove('pid')
    const child = spawn('/bin/sh', ['-c', WITH_PID, files.path('pid'), tool.path, ...command.arguments], {
      env: { ...passedOn(), ...command.environment, [MARK]: files.directory },
      stdio: ['ignore', stdout.fd, stderr.fd],
      // A group of its own, which our terminal's Ctrl-C does not reach.
      detached: true,
    })
    const ended = new Promise<Ending>((resolve) => {
      child.once('error', () => resolve({ code: null, signal: null }))
      child.once('exit', (code, signal) => resolve({ code, signal }))
    })
    child.unref()
    if (child.pid === undefined) throw new Error('/bin/sh could not be started')
    return { process: { pid: child.pid, startedAt: (await startOf(child.pid)) ?? '' }, ended }
  } finally {
    await stdout.close()
    await stderr.close()
  }
}

/** The process of a run whose start was not written down any more; undefined: there is none. */
export async function findTool(files: RunFiles): Promise<ToolProcess | undefined> {
  const pid = Number((await files.read('pid'))?.trim())
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  const startedAt = await startOf(pid)
  return startedAt !== undefined && (await isOfRun(pid, files.directory)) ? { pid, startedAt } : undefined
}

/** A process that has ended and was not waited for is not alive. */
export async function isAlive({ pid, startedAt }: ToolProcess): Promise<boolean> {
  const now = await startOf(pid)
  return now !== undefined && (startedAt === '' || now === startedAt)
}

/** To its whole group: a tool may have started others. */
export async function signalTool(process_: ToolProcess, signal: NodeJS.Signals): Promise<void> {
  if (!(await isAlive(process_))) return
  for (const id of [-process_.pid, process_.pid]) {
    try {
      process.kill(id, signal)
      return
    } catch {
      // Ended meanwhile, or not the leader of a group.
    }
  }
}

/** A mark of the start of a process; undefined: there is no such process, or only what is left of it. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (stat !== undefined) {
    // The name, in brackets, may hold anything (proc(5)): field 3 is the state, field 22 the start in ticks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  }
  if (process.platform === 'linux') return undefined
  const { stdout, exitCode } = await execa('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { reject: false })
  const [state = '', ...start] = stdout.trim().split(/\s+/)
  return exitCode !== 0 || state.startsWith('Z') ? undefined : start.join(' ')
}

async function isOfRun(pid: number, directory: string): Promise<boolean> {
  const read = () => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => undefined)
  let environment = await read()
  // For a moment it is empty, while the shell becomes the tool (seen in a test).
  for (let look = 0; environment === '' && look < LOOKS; look++) {
    await sleep(LOOK_EVERY)
    environment = await read()
  }
  if (environment !== undefined) return environment.split('\0').includes(`${MARK}=${directory}`)
  if (process.platform === 'linux') return false
  const { stdout } = await execa('ps', ['eww', '-o', 'command=', '-p', String(pid)], { reject: false })
  return stdout.includes(`${MARK}=${directory}`)
}

function passedOn(): Record<string, string> {
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

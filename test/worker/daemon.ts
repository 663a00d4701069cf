import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { environment } from '../conformance/verbs.js'
import type { Project } from '../support/project.js'
import { type CliResult, type RunningCli, startCli } from '../support/run-cli.js'
import type { AnyDatabase } from '../support/servers.js'

/** One line of a daemon's log. */
export interface LogLine {
  readonly level: string
  readonly time: string
  readonly type: string
  readonly unit?: string
  readonly message: string
  readonly [key: string]: unknown
}

export interface Daemon {
  readonly pid: number
  /** Every whole line so far; fails where one is not JSON. */
  log(): readonly LogLine[]
  /** Waits for a line of that type for which `is` holds, also one that is there already. */
  heard(type: string, is?: (line: LogLine) => boolean, timeout?: number): Promise<LogLine>
  /** Asks the health endpoint. */
  health(path: string): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>
  kill(signal: NodeJS.Signals): void
  readonly ended: Promise<CliResult>
  /** SIGTERM; fails where it does not end with 0. */
  stop(): Promise<void>
}

/** What a process that logs JSON lines has said so far, and a way to wait for more. */
export function followLog(cli: RunningCli): Pick<Daemon, 'log' | 'heard'> {
  const log = (): readonly LogLine[] =>
    cli
      .stdout()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogLine)
  const heard: Daemon['heard'] = async (type, is = () => true, timeout = 30_000) => {
    let over = false
    void cli.ended.then(() => {
      over = true
    })
    for (const until = Date.now() + timeout; ; await sleep(50)) {
      const found = log().find((line) => line.type === type && is(line))
      if (found !== undefined) return found
      if (over || Date.now() > until)
        throw new Error(
          `no ${type} ${over ? 'before it ended' : `within ${timeout} ms`}\n${cli.stdout()}\n${cli.stderr()}`,
        )
    }
  }
  return { log, heard }
}

/** Starts `phasegate worker` as a process of its own, looking for work often. */
export function startDaemon(project: Project, db: Pick<AnyDatabase, 'url'>, args: readonly string[] = []): Daemon {
  const all = ['worker', '--poll-interval', '200ms', '--health-port', '0', ...args]
  const cli = startCli(project, all, { env: environment(db), timeout: 180_000 })
  const { log, heard } = followLog(cli)
  return {
    pid: cli.pid,
    log,
    heard,
    health: async (path) => {
      const { health } = await heard('worker.started')
      const response = await fetch(`${String(health)}${path}`)
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    },
    kill: (signal) => cli.kill(signal),
    ended: cli.ended,
    stop: async () => {
      cli.kill('SIGTERM')
      const { code, stderr } = await cli.ended
      expect(code, stderr).toBe(0)
    },
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EngineProgress, type EngineRun, type EngineTask, systemClock } from '@phasegate/core'
import { createGhost, type Ending, type Engine, type Job, type OutputReader, openRunFiles } from '@phasegate/engines'
import { connectMysql } from '@phasegate/mysql'
import { atTestEnd } from '../support/at-test-end.js'
import type { MysqlDatabase } from '../support/servers.js'

export const LIMITS = { lockTimeout: 1000, statementTimeout: 0 }

export interface Driver {
  readonly engine: Engine
  readonly job: Job
  /** Reasons of every kind that speak against it. */
  reasons(): Promise<readonly string[]>
  /** `extra`: what Phasegate itself never gives. */
  start(extra?: readonly string[]): Promise<Started>
}

export interface Started {
  readonly pid: number
  readonly arguments: readonly string[]
  readonly ended: Promise<Ending>
  /** What is read from all it has written by now. */
  read(): OutputReader
  /** Asks until it is so. */
  until(what: string, is: (progress: EngineProgress) => boolean, ms?: number): Promise<EngineProgress>
  kill(): Promise<Ending>
  /** One line over its socket, as a person may. */
  say(command: string): Promise<string>
}

export interface Wish extends Partial<Pick<EngineTask, 'alter' | 'traits'>> {
  readonly arguments?: readonly string[]
  readonly url?: string
}

/** The engine's parts in the order in which a supervisor uses them, but by hand. */
export async function driveGhost(db: MysqlDatabase, wish: Wish = {}): Promise<Driver> {
  const engine = createGhost()
  const target = await connectMysql({ connection: wish.url ?? db.url })
  atTestEnd(() => target.close())
  const session = await target.openSession('ghost-driver')
  const task: EngineTask = {
    table: { name: 'users' },
    alter: wish.alter ?? 'ADD COLUMN phone varchar(20), MODIFY note varchar(300)',
    traits: wish.traits ?? [],
    wanted: 'gh-ost',
    native: 'copy',
  }
  const table = (await target.engine.inspect(session, task.table))!
  const settings = { arguments: ['--chunk-size=500', ...(wish.arguments ?? [])] }
  const tool = await engine.probe(settings)
  const directory = mkdtempSync(join(tmpdir(), 'phasegate-ghost-'))
  atTestEnd(() => rmSync(directory, { recursive: true, force: true }))
  const run: EngineRun = {
    ...{ engine: engine.name, version: tool.version, schema: table.schema, table: table.name },
    ...{ identity: table.identity, leftovers: engine.leftovers(table), host: 'here', directory, process: null },
    ...{ state: 'copying', startedAt: new Date().toISOString() },
  }
  const { signal } = new AbortController()
  const known = { task, table, target: target.engine, session, tool, settings, clock: systemClock, signal }
  const job: Job = { ...known, run, files: await openRunFiles(directory) }

  return {
    engine,
    job,
    reasons: async () => [
      ...engine.refuses(task, table, tool),
      ...(await target.engine.unmet(session, table, engine.requirements)),
      ...((await engine.preflight?.(known)) ?? []),
    ],
    start: async (extra = []) => {
      const command = await engine.command(job, false, { lockTimeout: 1000, statementTimeout: 0 })
      const child = launch(tool.path, [...command.arguments, ...extra], directory)
      const ended = new Promise<Ending>((resolve) => child.once('exit', (code, by) => resolve({ code, signal: by })))
      const kill = async (): Promise<Ending> => {
        child.kill('SIGKILL')
        return ended
      }
      atTestEnd(() => void kill())
      const read = (): OutputReader => {
        const reader = engine.reader(job)
        for (const stream of ['stdout', 'stderr'] as const)
          for (const line of readFileSync(join(directory, stream), 'utf8').split('\n')) reader.take(line, stream)
        return reader
      }
      return {
        ...{ pid: child.pid!, arguments: command.arguments, ended, read, kill },
        say: async (command) => {
          const socket = connect(job.files.path('socket')).setEncoding('utf8')
          socket.write(`${command}\n`)
          let answer = ''
          for await (const text of socket) answer += text
          return answer.trim()
        },
        until: async (what, is, ms = 60_000) => {
          for (const end = Date.now() + ms; Date.now() < end && child.exitCode === null; await sleep(100)) {
            const progress = await engine.ask!(job)
            if (progress !== undefined && is(progress)) return progress
          }
          throw new Error(`not ${what}, ${child.exitCode}: ${read().failure().join('\n')}`)
        },
      }
    },
  }
}

function launch(path: string, args: readonly string[], directory: string): ChildProcess {
  const [stdout, stderr] = ['stdout', 'stderr'].map((name) => openSync(join(directory, name), 'a'))
  return spawn(path, args, { stdio: ['ignore', stdout!, stderr!], env: { PATH: process.env.PATH } })
}

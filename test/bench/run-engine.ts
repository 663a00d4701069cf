import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createProject } from '../support/project.js'
import { type BenchDatabase, UPDATE } from './bench-database.js'

const ENGINE = fileURLToPath(new URL('./run-backfill.mjs', import.meta.url))
/** A run that takes longer than this has got stuck: so many ms, and so many a row. */
const LIMIT = { ms: 180_000, perRow: 0.1 }

interface EngineRun {
  /** When the first batch was about to begin, in ms since 1970. */
  readonly started: number
  /** In the order in which they ended: when (ms since 1970), rows, and the ms of the batch itself. */
  readonly batches: readonly Batch[]
  /** Resident memory of the process at its highest, in bytes. */
  readonly peakBytes: number
}

export interface Batch {
  readonly at: number
  readonly rows: number
  readonly ms: number
}

export interface EngineFigures extends EngineRun {
  /** When the last batch ended. */
  readonly ended: number
  /** Rows a second from the start of the first batch to the end of the last: no start-up, no verification. */
  readonly perSecond: number
}

export interface EngineOptions {
  /** Workers of the process; default what a project has by default. */
  readonly workers?: number
  /** By what it goes; default what it chooses for itself. */
  readonly key?: string
  /** Prints how far it is. */
  readonly tell?: boolean
}

/**
 * Runs the backfill in a process and a project of its own, with everything as users have it by default: throttle, pauses
 * and vacuum count.
 *
 * @param rows rows of the table, all of which it has to change
 */
export async function runEngine(
  { url }: BenchDatabase,
  rows: number,
  { workers, key, tell = false }: EngineOptions = {},
): Promise<EngineFigures> {
  const project = createProject({
    'phasegate/20261122093000_bench.sql': `-- phase: backfill\n${key === undefined ? '' : `-- batch: key=${key}\n`}${UPDATE};\n`,
    ...(workers === undefined
      ? {}
      : { 'phasegate.config.mjs': `export default { backfill: { workers: ${workers} } }\n` }),
  })
  try {
    const output = await runProcess(
      [ENGINE, JSON.stringify({ url, rows, tell })],
      project.dir,
      LIMIT.ms + rows * LIMIT.perRow,
    )
    const run = JSON.parse(output) as EngineRun
    const ended = run.batches.at(-1)?.at ?? run.started
    return { ...run, ended, perSecond: (rows * 1000) / (ended - run.started) }
  } finally {
    project.delete()
  }
}

function runProcess(args: readonly string[], cwd: string, limitMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
    const limit = setTimeout(() => child.kill('SIGKILL'), limitMs)
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(limit)
      if (code === 0) resolve(output)
      else
        reject(
          new Error(`the engine ended with ${code ?? signal}${signal === 'SIGKILL' ? ` after ${limitMs} ms` : ''}`),
        )
    })
  })
}

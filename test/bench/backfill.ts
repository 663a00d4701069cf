import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createProject } from '../support/project.js'
import { type BenchDatabase, CHANGE } from './bench-database.js'
import { type Bar, measurePairs } from './pairs.js'

const ENGINE = fileURLToPath(new URL('./run-backfill.mjs', import.meta.url))

export interface BackfillFigures {
  readonly server: string
  readonly rows: number
  readonly speed: Bar
  /** Resident memory of the worker process at its highest: at this size over a tenth of it. */
  readonly memory: { readonly large: number; readonly small: number }
  readonly growth: { readonly backfill: number; readonly update: number }
}

/** Backfill with one worker and no live traffic against one whole-table UPDATE, each on a fresh copy of the table. */
export async function benchBackfill(database: BenchDatabase, rows: number, pairs: number): Promise<BackfillFigures> {
  let growth = { backfill: 0, update: 0 }
  const project = createProject()
  const peak = { large: 0, small: 0 }
  const backfill = async (count: number): Promise<{ speed: number; memory: number }> => {
    const before = await database.fresh(count)
    const result = await runEngine(database, project.dir)
    growth = { ...growth, backfill: (await database.size()) / before }
    return { speed: count / result.seconds, memory: result.peakBytes }
  }
  const update = async (): Promise<number> => {
    const before = await database.fresh(rows)
    const started = performance.now()
    await database.update()
    const seconds = (performance.now() - started) / 1000
    growth = { ...growth, update: (await database.size()) / before }
    return rows / seconds
  }
  peak.small = (await backfill(Math.round(rows / 10))).memory
  const speed = await measurePairs(
    pairs,
    async () => {
      const { speed: perSecond, memory } = await backfill(rows)
      peak.large = Math.max(peak.large, memory)
      return perSecond
    },
    update,
  )
  project.delete()
  return { server: database.server, rows, speed, memory: peak, growth }
}

/** Runs the engine in a process of its own, which times the batches alone: no start-up, no verification. */
function runEngine({ url, dialect }: BenchDatabase, cwd: string): Promise<{ seconds: number; peakBytes: number }> {
  return new Promise((resolve, reject) => {
    const work = JSON.stringify({ url, dialect, change: CHANGE })
    const child = spawn(process.execPath, [ENGINE, work], { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.once('close', (code) =>
      code === 0 ? resolve(JSON.parse(output)) : reject(new Error(`the engine ended with ${code}`)),
    )
  })
}

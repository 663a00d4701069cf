import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { createProject } from '../support/project.js'
import type { RunningPostgres } from '../support/start-postgres.js'
import { type Bar, measurePairs } from './pairs.js'

const ENGINE = fileURLToPath(new URL('./run-backfill.mjs', import.meta.url))

export interface BackfillFigures {
  readonly rows: number
  readonly speed: Bar
  /** Resident memory of the worker process at its highest: at this size over a tenth of it. */
  readonly memory: { readonly large: number; readonly small: number }
  readonly growth: { readonly backfill: number; readonly update: number }
}

/** Backfill with one worker and no live traffic against one whole-table UPDATE, each on a fresh copy of the table. */
export async function benchBackfill(server: RunningPostgres, rows: number, pairs: number): Promise<BackfillFigures> {
  const client = new pg.Client({ connectionString: server.url() })
  await client.connect()
  let growth = { backfill: 0, update: 0 }
  const fresh = async (count: number): Promise<number> => {
    await client.query(`DROP TABLE IF EXISTS users; DROP SCHEMA IF EXISTS phasegate CASCADE;
      CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, verified_at timestamptz, email_verified boolean);
      INSERT INTO users SELECT g, 'user' || g || '@example.com', CASE WHEN g % 3 = 0 THEN now() END FROM generate_series(1, ${count}) g`)
    await client.query('VACUUM ANALYZE users')
    await client.query('CHECKPOINT')
    return size()
  }
  const size = async (): Promise<number> =>
    Number((await client.query(`SELECT pg_total_relation_size('users') AS size`)).rows[0].size)
  const project = createProject()
  const peak = { large: 0, small: 0 }
  const backfill = async (count: number): Promise<{ speed: number; memory: number }> => {
    const before = await fresh(count)
    const result = await runEngine(server.url(), project.dir)
    growth = { ...growth, backfill: (await size()) / before }
    return { speed: count / result.seconds, memory: result.peakBytes }
  }
  const update = async (): Promise<number> => {
    const before = await fresh(rows)
    const started = performance.now()
    await client.query('UPDATE users SET email_verified = (verified_at IS NOT NULL) WHERE email_verified IS NULL')
    const seconds = (performance.now() - started) / 1000
    growth = { ...growth, update: (await size()) / before }
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
  await client.end()
  project.delete()
  return { rows, speed, memory: peak, growth }
}

/** Runs the engine in a process of its own, which times the batches alone: no start-up, no verification. */
function runEngine(url: string, cwd: string): Promise<{ seconds: number; peakBytes: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [ENGINE, url], { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.once('close', (code) =>
      code === 0 ? resolve(JSON.parse(output)) : reject(new Error(`the engine ended with ${code}`)),
    )
  })
}

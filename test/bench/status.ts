import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { createProject } from '../support/project.js'
import type { RunningPostgres } from '../support/start-postgres.js'
import { type Bar, measurePairs } from './pairs.js'

const BIN = fileURLToPath(new URL('../../packages/phasegate/dist/bin.js', import.meta.url))

/** `phasegate status` from a cold start against `node -e 0`: starts a second, so that less time is a higher figure. */
export async function benchStatus(server: RunningPostgres, pairs: number): Promise<Bar> {
  const project = createProject({
    'phasegate/20261122093000_flag.sql': '-- phase: expand\nCREATE TABLE flag (id int PRIMARY KEY);\n',
  })
  const env = { ...process.env, DATABASE_URL: server.url('postgres') }
  const start = (args: readonly string[]): number => {
    const started = performance.now()
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: project.dir, env, encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
    return 1000 / (performance.now() - started)
  }
  const client = new pg.Client({ connectionString: server.url() })
  await client.connect()
  await client.query('DROP SCHEMA IF EXISTS phasegate CASCADE; DROP TABLE IF EXISTS flag')
  await client.end()
  start([BIN, 'expand'])
  const bar = await measurePairs(
    pairs,
    async () => start([BIN, 'status', '--json']),
    async () => start(['-e', '0']),
  )
  project.delete()
  return bar
}

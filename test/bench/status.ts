import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { createProject } from '../support/project.js'
import type { Bench } from './bench.js'
import { measurePairs } from './pairs.js'
import { barRow } from './row.js'

const BIN = fileURLToPath(new URL('../../packages/phasegate/dist/bin.js', import.meta.url))

/** `phasegate status` from a cold start against `node -e 0`: starts a second, so that less time is a higher figure. */
export const benchStatus: Bench = async ({ database: { url }, sizes: { pairs } }) => {
  const project = createProject({
    'phasegate/20261122093000_flag.sql': '-- phase: expand\nCREATE TABLE flag (id int PRIMARY KEY);\n',
  })
  const env = { ...process.env, DATABASE_URL: url }
  const start = (args: readonly string[]): number => {
    const started = performance.now()
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: project.dir, env, encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
    return 1000 / (performance.now() - started)
  }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('DROP SCHEMA IF EXISTS phasegate CASCADE; DROP TABLE IF EXISTS flag')
  await client.end()
  try {
    start([BIN, 'expand'])
    const bar = await measurePairs(
      pairs,
      async () => start([BIN, 'status', '--json']),
      async () => start(['-e', '0']),
    )
    return [
      barRow('`phasegate status` / `node -e 0`, starts a second (within 5x)', bar, {
        better: 'more',
        aim: 0.2,
        miss: 0.2,
      }),
    ]
  } finally {
    project.delete()
  }
}

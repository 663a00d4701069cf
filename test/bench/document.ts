import { spawnSync } from 'node:child_process'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createStatus } from '@phasegate/status'
import pg from 'pg'
import { createProject } from '../support/project.js'
import type { Bench } from './bench.js'
import { INSTANCES, LARGE_JOURNAL, largeManifest, MIGRATIONS } from './large-journal.js'
import { measurePairs, median } from './pairs.js'
import { barRow, judgedRow, shownRow } from './row.js'

const BIN = fileURLToPath(new URL('../../packages/phasegate/dist/bin.js', import.meta.url))
const OF = `of ${MIGRATIONS} migrations and ${INSTANCES} instances`

/** The document of a large journal: read from a cold start against `node -e 0`, and served by a process that has read it. */
export const benchDocument: Bench = async ({ database: { url }, sizes: { pairs } }) => {
  const project = createProject({
    'phasegate/20250101000000_flag.sql': '-- phase: expand\nCREATE TABLE flag (id int PRIMARY KEY);\n',
  })
  const env = { ...process.env, DATABASE_URL: url }
  const start = (args: readonly string[]): number => {
    const started = performance.now()
    const options = { cwd: project.dir, env, encoding: 'utf8', maxBuffer: 2 ** 28 } as const
    const { status, stderr } = spawnSync(process.execPath, args, options)
    if (status !== 0) throw new Error(stderr)
    return 1000 / (performance.now() - started)
  }
  const pool = new pg.Pool({ connectionString: url })
  await pool.query('DROP SCHEMA IF EXISTS phasegate CASCADE; DROP TABLE IF EXISTS flag')
  try {
    start([BIN, 'expand'])
    await pool.query(LARGE_JOURNAL)
    const bar = await measurePairs(
      pairs,
      async () => start([BIN, 'status', '--json']),
      async () => start(['-e', '0']),
    )
    const status = createStatus({ database: pool, manifest: largeManifest(), pollInterval: 2 ** 30, timeout: 60_000 })
    status.register()
    await status.refresh()
    if (!status.ready()) throw new Error(status.migrationStatus().reason)
    const served = await serve(status.http.status, 15)
    await status.close()
    return [
      barRow(`\`phasegate status\` ${OF} / \`node -e 0\`, starts a second (within 5x)`, bar, {
        better: 'more',
        aim: 0.2,
        miss: 0.2,
      }),
      judgedRow(
        `ms of the process for the document ${OF}, from memory`,
        served.ms,
        `${served.ms.toFixed(1)} (${(served.bytes / 1e6).toFixed(1)} MB)`,
        { better: 'less', aim: 50, miss: 50 },
      ),
      shownRow('the first one after the journal has changed, in ms', served.first.toFixed(0)),
    ]
  } finally {
    await pool.end()
    project.delete()
  }
}

type Handler = (...given: Parameters<Parameters<typeof createServer>[1] & object>) => unknown

/** So long the handler takes until all of the answer is handed over; one request in a second, each with a new age. */
async function serve(handler: Handler, times: number): Promise<{ ms: number; first: number; bytes: number }> {
  const taken: number[] = []
  let bytes = 0
  const server = createServer((request, response) => {
    const started = performance.now()
    handler(request, response)
    taken.push(performance.now() - started)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  for (let n = 0; n < times; n++) {
    bytes = await sizeOf(port)
    await new Promise((resolve) => setTimeout(resolve, 1100))
  }
  server.close()
  const [first = Number.NaN, ...rest] = taken
  return { ms: median(rest), first, bytes }
}

function sizeOf(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path: '/migrations/status' }, (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      response.on('end', () => resolve(bytes)).on('error', reject)
    }).on('error', reject)
  })
}

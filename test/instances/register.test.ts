import { createStatus, type Database, type Status, type StatusOptions } from '@phasegate/status'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { applied, inProcess, library } from '../conformance/library.js'
import { expectValid } from '../status/document-schema.js'
import { EMAIL, JOURNAL_2, recordUnits, WITH_JOURNAL, WITH_MYSQL_JOURNAL } from '../status/journal-rows.js'
import { createProject } from '../support/project.js'
import { type AnyDatabase, createDatabase, describeOnEveryServer } from '../support/servers.js'
import { countOf, wordsOf } from '../support/sql-words.js'
import { buildThat } from './build-that.js'
import { openPool, startPod } from './pod.js'

const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const OLD = buildThat(EMAIL, 'old')

describeOnEveryServer('an instance that reports', (server) => {
  const onPostgres = server.family === 'postgres'
  const withJournal = (): Promise<AnyDatabase> => createDatabase(server, onPostgres ? WITH_JOURNAL : WITH_MYSQL_JOURNAL)
  const { journal: table, value } = wordsOf(server)
  const now = onPostgres ? 'clock_timestamp()' : 'UTC_TIMESTAMP(6)'
  const between = (from: string, to: string): string =>
    onPostgres ? `extract(epoch FROM ${to} - ${from})` : `TIMESTAMPDIFF(MICROSECOND, ${from}, ${to}) / 1e6`

  /** Seconds for which each row's heartbeat counts in all, and from now on. */
  const rows = async (db: AnyDatabase): Promise<{ id: string; draining: boolean; counts: number; left: number }[]> => {
    const found = await db.query(`SELECT id, digest, draining, ${between('last_seen', 'expires_at')} AS counts,
      ${between(now, 'expires_at')} AS remaining FROM ${table('instance')} ORDER BY id`)
    return found.map(({ id, draining, counts, remaining }) => ({
      id,
      draining: draining === true || Number(draining) === 1,
      counts: Number(counts),
      left: Number(remaining),
    }))
  }

  /** Polls only when told to. */
  const follow = (database: Database, options: Partial<StatusOptions> = {}, writable?: Database): Status => {
    const status = createStatus({
      database,
      dialect: server.family,
      manifest: OLD,
      logger: QUIET,
      pollInterval: 600_000,
      instance: 'pod-1',
      ...options,
    })
    status.register(writable === undefined ? {} : { writable })
    onTestFinished(() => status.close())
    return status
  }
  const pooled = (db: Pick<AnyDatabase, 'family' | 'url'>) => {
    const pool = openPool(db)
    onTestFinished(() => pool.end())
    return pool
  }
  const aProject = () =>
    createProject({
      'phasegate/20200101000000_first.sql': '-- phase: expand\nCREATE TABLE first (id int PRIMARY KEY);\n',
    })
  /** Another role on this database, with a password; it may do nothing yet. */
  const roleOn = async (db: AnyDatabase): Promise<{ role: string; url: string }> => {
    const role = `of_${db.name.slice(-12)}`
    await db.query(onPostgres ? `CREATE ROLE ${role} LOGIN PASSWORD 'x'` : `CREATE USER ${role} IDENTIFIED BY 'x'`)
    if (!onPostgres) {
      await db.query('CREATE TABLE mine (id INT PRIMARY KEY)')
      await db.query(`GRANT SELECT ON ${db.name}.mine TO ${role}`)
    }
    onTestFinished(async () => {
      if (onPostgres) await db.query(`DROP OWNED BY ${role}`)
      await db.query(onPostgres ? `DROP ROLE ${role}` : `DROP USER ${role}`)
    })
    const url = new URL(db.url)
    url.username = role
    url.password = 'x'
    return { role, url: url.href }
  }

  test('is not ready before its first heartbeat is stored, and stays ready after it', async () => {
    const db = await withJournal()
    const pool = pooled(db)
    let lost = true
    // Every statement but those that write: the journal is read, and the heartbeat does not arrive.
    const status = follow((sql) => {
      if (lost && /INSERT|UPDATE/.test(sql)) return Promise.reject(new Error('lost on the way'))
      return pool.query(sql)
    })
    expectValid(await status.refresh())
    expect(status.ready()).toBe(false)
    expect(status.migrationStatus()).toMatchObject({ status: 'fail', heartbeat: 'waiting' })
    await expect(status.getMigrationStatus()).rejects.toMatchObject({ code: 'STATUS.NOT_READY' })
    expect(await rows(db)).toEqual([])

    lost = false
    expectValid(await status.refresh())
    expect(status.migrationStatus()).toMatchObject({ status: 'pass', heartbeat: 'stored' })
    expect(status.ready()).toBe(true)
    lost = true
    expect(await status.refresh()).toMatchObject({ status: 'warn', heartbeat: 'stored' })
    expect(status.ready()).toBe(true)
  })

  test('that registers when it is known to be compatible waits for its heartbeat all the same', async () => {
    const db = await withJournal()
    const pool = pooled(db)
    const status = createStatus({ database: pool.client, manifest: OLD, logger: QUIET, pollInterval: 600_000 })
    onTestFinished(() => status.close())
    await status.refresh()
    expect(status.ready()).toBe(true)
    status.register()
    expect(status.ready()).toBe(false)
    await status.refresh()
    await expect.poll(() => status.ready()).toBe(true)
  })

  test('asks one cheap question a poll while nothing changes, and reads the journal when it has', async () => {
    const db = await withJournal()
    const pool = pooled(db)
    const asked: string[] = []
    const status = follow((sql) => {
      asked.push(sql)
      return pool.query(sql)
    })
    await status.refresh()
    asked.length = 0
    const until = async (): Promise<string> =>
      String((await db.query(`SELECT CAST(expires_at AS char(40)) AS until FROM ${table('instance')}`))[0]?.until)
    const before = await until()
    await status.refresh()
    expect(asked).toHaveLength(onPostgres ? 1 : 2)
    expect(asked.join(), 'no unit is read').not.toContain('fingerprint')
    expect((await until()) > before).toBe(true)

    // A transition is an event; it is seen though it was numbered before others that came first.
    const event = (id: number): Promise<unknown> =>
      db.query(
        `INSERT INTO ${table('event')} (id, type, actor${onPostgres ? '' : ', detail'}) ${onPostgres ? 'OVERRIDING SYSTEM VALUE' : ''}
         VALUES (${value(1)}, 'test', '{}'${onPostgres ? '' : ", '{}'"})`,
        [id],
      )
    await event(7)
    await status.refresh()
    await recordUnits(db, { [`${EMAIL}:contract`]: 'applied' })
    await event(6)
    expect(await status.refresh()).toMatchObject({ verdict: 'incompatible', status: 'warn' })
    // Whoever is at work has said so, and changes from then on what no event tells.
    await recordUnits(db, { '2099_later:backfill': 'running' })
    await event(8)
    await status.refresh()
    for (const state of ['running', 'paused']) {
      await recordUnits(db, { '2099_later:backfill': state })
      asked.length = 0
      await status.refresh()
      expect(asked.join(), state).toContain('fingerprint')
    }
    await recordUnits(db, { '2099_later:backfill': 'applied' })
    await status.refresh()
    asked.length = 0
    await status.refresh()
    expect(asked.join(), 'it is over').not.toContain('fingerprint')
  })

  test('counts for three intervals by the clock of the database, whatever its own says', async () => {
    const db = await withJournal()
    const wrong = { now: () => Date.now() - 7 * 86_400_000, random: Math.random }
    const status = follow(pooled(db).client, { clock: wrong, pollInterval: { waiting: 1000, ready: 20_000 } })
    await status.refresh()
    const [row] = await rows(db)
    expect(row?.counts).toBeCloseTo(60, 1)
    expect(row?.left).toBeGreaterThan(50)
    expect(row?.id).toMatch(/^pod-1\/[0-9a-f-]{36}$/)
  })

  test('of which a thousand have one build records that once, whatever is written in it', async () => {
    const db = await withJournal()
    const pool = pooled(db)
    const odd = { ...OLD, application: "o'dd ? $1 :name \\ é😀", digest: "sha256:'?$1" }
    const pods = Array.from({ length: 3 }, () => follow(pool.client, { manifest: odd, instance: "it's ? $1" }))
    await Promise.all(pods.map((pod) => pod.refresh()))
    expect(pods.map((pod) => pod.ready())).toEqual([true, true, true])
    const [build] = await db.query(`SELECT application, manifest FROM ${table('build')}`)
    expect(build?.application).toBe(odd.application)
    expect(typeof build?.manifest === 'string' ? JSON.parse(build.manifest) : build?.manifest).toEqual(odd)
    expect(await countOf(db, table('build'))).toBe(1)
    expect(await countOf(db, table('instance'))).toBe(3)
  })

  test('says that it drains, then that it has ended; one that is registered anew is another', async () => {
    const db = await withJournal()
    const pod = startPod(db, OLD, { pollInterval: 600_000 })
    await expect.poll(() => pod.ready()).toBe(true)
    pod.drain()
    expect(pod.ready()).toBe(false)
    await expect.poll(async () => (await rows(db))[0]?.draining).toBe(true)
    expect((await rows(db))[0]!.left).toBeGreaterThan(0)
    await pod.stop()
    expect((await rows(db))[0]!.left).toBeLessThanOrEqual(0)
    const next = startPod(db, OLD)
    await expect.poll(() => next.ready()).toBe(true)
    expect(await rows(db)).toHaveLength(2)
  })

  test('reports again where the database has lost it, its build too', async () => {
    const db = await withJournal()
    const status = follow(pooled(db).client)
    await status.refresh()
    await db.query(`DELETE FROM ${table('instance')}`)
    await db.query(`DELETE FROM ${table('build')}`)
    await status.refresh()
    expect(await rows(db)).toHaveLength(1)
    expect(status.migrationStatus().journal.error).toBeNull()
  })

  test('whose role may not report says so with the GRANTs, which are enough', async () => {
    const db = await withJournal()
    const { url } = await roleOn(db)
    const status = follow(pooled({ family: server.family, url }).client)
    const { journal, reason } = await status.refresh()
    expect(journal.error).toMatchObject({ code: 'JOURNAL.FORBIDDEN', message: expect.stringContaining('report') })
    expect(reason).toContain('GRANT INSERT, UPDATE ON')
    expect(status.ready()).toBe(false)
    for (const grant of journal.error?.next.filter((line) => line.startsWith('GRANT')) ?? []) await db.query(grant)
    expect((await status.refresh()).journal.error).toBeNull()
    expect(status.ready()).toBe(true)
    // Also what a process that is known asks.
    expect((await status.refresh()).journal.error).toBeNull()
  })

  test('on a connection that only reads says so, and takes one that writes by name', async () => {
    const db = await withJournal()
    const readOnly = onPostgres
      ? new pg.Pool({ connectionString: db.url, max: 1, options: '-c default_transaction_read_only=on' })
      : mysql.createPool({ uri: db.url, connectionLimit: 1 })
    onTestFinished(() => readOnly.end())
    if (!onPostgres) await (readOnly as mysql.Pool).query('SET SESSION TRANSACTION READ ONLY')
    const alone = follow(readOnly as Database)
    expect((await alone.refresh()).journal.error).toMatchObject({ code: 'STATUS.READ_ONLY' })
    expect(alone.ready()).toBe(false)
    const both = follow(readOnly as Database, {}, pooled(db).client)
    await both.refresh()
    expect(both.ready()).toBe(true)
  })

  test('finds a journal from before instances reported, and reports once it is upgraded', async () => {
    const db = await createDatabase(server, JOURNAL_2[server.family])
    const status = follow(pooled(db).client)
    expect((await status.refresh()).journal.error).toMatchObject({ code: 'JOURNAL.OLDER' })
    const project = aProject()
    await library.runStatus(inProcess(project, db))
    await applied(library.runExpand(inProcess(project, db)))
    expect((await status.refresh()).journal.error).toBeNull()
    expect(status.ready()).toBe(true)
  })

  test('of a database without a journal is ready, and reports once there is one', async () => {
    const db = await createDatabase(server)
    const status = follow(pooled(db).client)
    await status.refresh()
    expect(status.ready()).toBe(true)
    await applied(library.runExpand(inProcess(aProject(), db)))
    await status.refresh()
    expect(await rows(db)).toHaveLength(1)
  })

  test('is forgotten by the runner an hour after it ended, but not when its build was seen last', async () => {
    const db = await withJournal()
    const insert = (id: string, digest: string, hours: number): Promise<unknown> => {
      const at = onPostgres ? `now() - interval '${hours} hours'` : `UTC_TIMESTAMP(6) - INTERVAL ${hours} HOUR`
      return db.query(
        `INSERT INTO ${table('instance')} (id, digest, last_seen, expires_at) VALUES ('${id}', '${digest}', ${at}, ${at})`,
      )
    }
    await insert('long-ago', 'a', 5)
    await insert('last', 'a', 3)
    await insert('only', 'b', 9)
    await insert('just-now', 'c', 0)
    await insert('before', 'c', 2)
    await applied(library.runExpand(inProcess(aProject(), db)))
    expect((await rows(db)).map(({ id }) => id).sort()).toEqual(['just-now', 'last', 'only'])
  })
})

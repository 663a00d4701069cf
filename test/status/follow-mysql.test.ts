import type { Logger } from '@phasegate/core'
import { createStatus, type Database, type Status, type StatusOptions } from '@phasegate/status'
import knexFactory, { type Knex } from 'knex'
import callbacks from 'mysql2'
import mysql, { type PoolOptions } from 'mysql2/promise'
import { expect, onTestFinished, test } from 'vitest'
import {
  type AnyDatabase,
  createDatabase,
  describeOnEveryMysql,
  type MysqlDatabase,
  startPrivateServer,
} from '../support/servers.js'
import { expectValid } from './document-schema.js'
import { EMAIL, manifestThatUses, recordUnits, WITH_MYSQL_JOURNAL } from './journal-rows.js'

function listeningLogger(): { logger: Logger; lines: string[] } {
  const lines: string[] = []
  const line = (level: string) => (fields: object, message?: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  return { logger: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }, lines }
}

function poolTo(database: Pick<AnyDatabase, 'url'>, options: PoolOptions = {}): mysql.Pool {
  const pool = mysql.createPool({ uri: database.url, connectionLimit: 1, ...options })
  onTestFinished(() => pool.end())
  return pool
}

function knexTo(database: MysqlDatabase, config: Knex.Config = {}): Knex {
  const knex = knexFactory({ client: 'mysql2', connection: database.url, pool: { min: 0, max: 1 }, ...config })
  onTestFinished(() => knex.destroy())
  return knex
}

/** Follows the journal with a pool of its own and polls only when told to. */
function follow(
  database: Pick<AnyDatabase, 'url'>,
  options: Partial<StatusOptions> = {},
): Status & { lines: string[] } {
  const { logger, lines } = listeningLogger()
  const given = options.database ?? poolTo(database)
  const status = createStatus({ logger, pollInterval: 600_000, instance: 'pod-1', ...options, database: given })
  onTestFinished(() => status.close())
  return { ...status, lines }
}

describeOnEveryMysql('status', (server) => {
  test('goes from behind to compatible to what contract makes of it, and stays ready', async () => {
    const database = await createDatabase(server, WITH_MYSQL_JOURNAL)
    const status = follow(database, { manifest: manifestThatUses('both') })
    expect(status.migrationStatus()).toMatchObject({ verdict: 'unknown', journal: { dialect: null } })

    const behind = await status.refresh()
    expectValid(behind)
    expect(behind).toMatchObject({
      status: 'fail',
      verdict: 'behind',
      missing: [`${EMAIL}:expand`],
      requires: [`${EMAIL}:expand`],
      journal: { dialect: server.family, serverVersion: expect.stringContaining(server.version), error: null },
    })
    expect([status.ready(), await status.getMigrationStatus()]).toEqual([false, 1])

    await recordUnits(database, { [`${EMAIL}:expand`]: 'applied', '2099_later:expand': 'running' })
    const ahead = await status.refresh()
    expectValid(ahead)
    expect(ahead).toMatchObject({ status: 'pass', verdict: 'ahead', missing: [] })
    expect(ahead.migrations.map(({ name, phases }) => [name, phases.expand?.state, phases.expand?.foreign])).toEqual([
      [EMAIL, 'applied', false],
      ['2099_later', 'interrupted', true],
    ])
    expect([status.ready(), await status.getMigrationStatus()]).toEqual([true, 0])

    await recordUnits(database, { [`${EMAIL}:contract`]: 'applied' })
    const incompatible = await status.refresh()
    expectValid(incompatible)
    expect(incompatible).toMatchObject({
      status: 'warn',
      verdict: 'incompatible',
      incompatibleWith: [`${EMAIL}:contract`],
    })
    expect(status.ready()).toBe(true)
    const fresh = follow(database, { manifest: manifestThatUses('both') })
    expect(await fresh.refresh()).toMatchObject({ status: 'fail', verdict: 'incompatible' })
  })

  test('shows gates, approvals, overrides, progress and the hold', async () => {
    const database = await createDatabase(server, WITH_MYSQL_JOURNAL)
    await recordUnits(database, { [`${EMAIL}:backfill`]: 'paused' })
    await database.query(`
      UPDATE phasegate_journal SET held = '{"actor": {"by": "ann", "through": {}}, "reason": "peak", "at": "2026-11-22T09:30:00Z"}';
      UPDATE phasegate_unit SET progress = '{"done": 5, "total": null, "rowsPerSecond": 2.5, "etaSeconds": null, "paused": true, "throttleReason": null}';
      INSERT INTO phasegate_evidence (migration, phase, gate, verdict, reason, detail, observed_at) VALUES
        ('${EMAIL}', 'contract', 'soak', 'closed', 'r', '{"name": "soak", "state": "closed", "reason": "3 h of 24 h", "observed": "3h", "required": "24h", "observedAt": "2026-11-22T09:30:00Z"}', UTC_TIMESTAMP(6));
      INSERT INTO phasegate_approval (migration, phase, kind, gate, actor, reason, fingerprint) VALUES
        ('${EMAIL}', 'contract', 'override', 'soak', '{"by": "ann", "through": {"role": "deploy"}}', 'tested', '1:a'),
        ('${EMAIL}', 'contract', 'approval', NULL, '{"by": "bob", "through": {}}', 'reviewed', '1:a')`)
    const document = await follow(database).refresh()
    expectValid(document)
    expect(document.migrations[0]?.phases.backfill).toMatchObject({
      state: 'paused',
      progress: { done: 5, total: null, rowsPerSecond: 2.5, paused: true },
      engine: 'native',
    })
    expect(document.journal.held).toMatchObject({ reason: 'peak' })
    expect(document.gates[`${EMAIL}:contract`]).toMatchObject({
      state: 'open',
      checks: [{ name: 'soak', state: 'closed', observed: '3h', expired: false }],
      overrides: [{ by: 'ann', standing: true }],
      approvals: [{ by: 'bob', standing: true }],
    })
  })

  test('of a database that is not initialised is behind, and sees the journal once it is there', async () => {
    const database = await createDatabase(server)
    const asked: string[] = []
    const pool = poolTo(database)
    const status = follow(database, {
      manifest: manifestThatUses('both'),
      dialect: 'mysql',
      database: (sql) => {
        asked.push(sql)
        return pool.query(sql)
      },
    })
    const document = await status.refresh()
    expectValid(document)
    expect(document).toMatchObject({ verdict: 'behind', reason: expect.stringContaining('not initialised') })
    asked.length = 0
    await status.refresh()
    expect(asked, 'no failing statement a poll').toHaveLength(1)
    // Statement by statement, as a runner creates it: never anything but an answer.
    for (const statement of WITH_MYSQL_JOURNAL.sql.split(';\n')) {
      await database.query(statement)
      expect(await follow(database).refresh()).toMatchObject({ journal: { error: null } })
    }
    await recordUnits(database, { [`${EMAIL}:expand`]: 'applied' })
    expect(await status.refresh()).toMatchObject({ verdict: 'compatible' })
    asked.length = 0
    await status.refresh()
    expect(asked).toHaveLength(1)
  })

  test('of an account that may not read the journal is unknown, with the GRANTs', async () => {
    const database = await createDatabase(server, WITH_MYSQL_JOURNAL)
    const name = `of_${database.name}`
    await database.query(`CREATE TABLE mine (id INT PRIMARY KEY); CREATE USER ${name} IDENTIFIED BY 'secret';
      GRANT SELECT ON ${database.name}.mine TO ${name}`)
    onTestFinished(() => database.query(`DROP USER ${name}`).then(() => {}))
    const url = new URL(database.url)
    url.username = name
    url.password = 'secret'
    const status = follow({ url: url.href }, { manifest: manifestThatUses('old') })
    const document = await status.refresh()
    expectValid(document)
    expect(document).toMatchObject({
      verdict: 'unknown',
      status: 'fail',
      reason: expect.stringContaining(`GRANT SELECT ON \`${database.name}\`.\`phasegate_unit\` TO \`${name}\`@\`%\`;`),
      journal: { error: { code: 'JOURNAL.FORBIDDEN' } },
    })
    const grants = document.journal.error?.next.filter((line) => line.startsWith('GRANT')) ?? []
    await database.query(grants.join('\n'))
    expect(await status.refresh()).toMatchObject({ verdict: 'compatible', journal: { error: null } })
  })

  test('of a newer journal says so, and of a damaged one', async () => {
    const database = await createDatabase(server, WITH_MYSQL_JOURNAL)
    await database.query('UPDATE phasegate_journal SET version = 1000')
    const status = follow(database)
    expect(await status.refresh()).toMatchObject({ verdict: 'unknown', journal: { error: { code: 'JOURNAL.NEWER' } } })
    await database.query('DROP TABLE phasegate_approval')
    expect(await status.refresh()).toMatchObject({ journal: { error: { code: 'JOURNAL.DAMAGED' } } })
  })

  test('outlives the database: unknown while it never answered, warn with its age when it is lost later', async () => {
    const own = await startPrivateServer({ family: server.family })
    const database = await createDatabase(own, WITH_MYSQL_JOURNAL)
    await recordUnits(database, { [`${EMAIL}:expand`]: 'applied' })
    await own.stop()

    const status = follow(database, { manifest: manifestThatUses('both'), pollInterval: 300 })
    const changes: string[] = []
    status.onChange((document) => void changes.push(`${document.status} ${document.verdict}`))
    await expect(status.getMigrationStatus()).rejects.toMatchObject({ code: 'STATUS.NOT_READY' })
    expect(status.migrationStatus()).toMatchObject({
      verdict: 'unknown',
      journal: { error: { code: 'JOURNAL.UNREAD' } },
    })

    await own.restart()
    await expect.poll(() => status.ready(), { timeout: 30_000 }).toBe(true)
    await own.stop()
    await expect.poll(() => status.migrationStatus().journal.error?.code, { timeout: 30_000 }).toBe('JOURNAL.UNREAD')
    expect(status.ready()).toBe(true)
    expectValid(status.migrationStatus())
    expect(status.migrationStatus()).toMatchObject({ status: 'warn', verdict: 'compatible', journal: { stale: true } })
    await own.restart()
    await expect.poll(() => status.migrationStatus().status, { timeout: 30_000 }).toBe('pass')
    const turns = changes.filter((change, index) => change !== changes[index - 1])
    expect(turns).toEqual(['fail unknown', 'pass compatible', 'warn compatible', 'pass compatible'])
    status.close()
  })

  test('gives up a statement that hangs, without giving the hanging connection back to the pool', async () => {
    const database = await createDatabase(server, WITH_MYSQL_JOURNAL)
    const pool = poolTo(database)
    const callbackPool = callbacks.createPool({ uri: database.url, connectionLimit: 1 })
    onTestFinished(() => callbackPool.promise().end())
    const knex = knexTo(database)
    const blocker = await database.connect()
    // A pool that has got a hanging connection back could not be ended before this.
    onTestFinished(() => blocker.destroy())
    await blocker.query('LOCK TABLES phasegate_unit WRITE')
    const clients: Database[] = [pool, callbackPool, knex]
    for (const client of clients) {
      const status = follow(database, { database: client, timeout: 300 })
      expect(await status.refresh()).toMatchObject({
        verdict: 'unknown',
        journal: { error: { code: 'JOURNAL.UNREAD' } },
      })
    }
    const [[fromPool], [fromCallbacks], [fromKnex]] = await Promise.all([
      pool.query('SELECT 1 AS one'),
      callbackPool.promise().query('SELECT 1 AS one'),
      knex.raw('SELECT 1 AS one'),
    ])
    expect([fromPool, fromCallbacks, fromKnex]).toEqual(Array(3).fill([{ one: 1 }]))
  })

  test('of a single connection that hangs has the next statement wait, and answered by its own', async () => {
    const database = await createDatabase(server, WITH_MYSQL_JOURNAL)
    const [connection, blocker] = [await database.connect(), await database.connect()]
    await blocker.query('LOCK TABLES phasegate_unit WRITE')
    const status = follow(database, { database: connection, timeout: 300 })
    expect(await status.refresh()).toMatchObject({ journal: { error: { code: 'JOURNAL.UNREAD' } } })
    const next = connection.query('SELECT 1 AS one')
    await blocker.query('UNLOCK TABLES')
    expect((await next)[0]).toEqual([{ one: 1 }])
    expect(await status.refresh()).toMatchObject({ journal: { exists: true, error: null } })
  })

  test('reads through type casts, row modes and name mappers of the application', async () => {
    const database = await createDatabase(server, WITH_MYSQL_JOURNAL)
    await recordUnits(database, { [`${EMAIL}:expand`]: 'applied', '2099_later:expand': 'failed' })
    const upper = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(upper)
        : Object.getPrototypeOf(value ?? null) === Object.prototype
          ? Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [`x_${key.toUpperCase()}`, inner]))
          : value
    const callbackPool = callbacks.createPool({ uri: database.url })
    onTestFinished(() => callbackPool.promise().end())
    const raw = poolTo(database)
    const clients: Database[] = [
      poolTo(database),
      callbackPool,
      await database.connect(),
      poolTo(database, { rowsAsArray: true }),
      poolTo(database, { nestTables: '_' }),
      poolTo(database, { namedPlaceholders: true }),
      poolTo(database, { typeCast: false }),
      poolTo(database, { typeCast: (field, next) => (field.type === 'BLOB' ? field.buffer() : next()) }),
      knexTo(database),
      knexTo(database, {
        wrapIdentifier: (name, quote) => quote(name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
        postProcessResponse: upper,
      }),
      (sql) => raw.execute(sql),
      (sql) => raw.query(sql).then(([rows]) => rows),
      (sql) => raw.query(sql).then(([rows]) => [rows, rows]),
      (sql) => raw.query({ sql, rowsAsArray: true }).then(([rows]) => ({ rows })),
    ]
    for (const [index, client] of clients.entries()) {
      const dialect = index < 10 ? undefined : server.family
      const document = await follow(database, {
        database: client,
        dialect,
        manifest: manifestThatUses('both'),
      }).refresh()
      expect(document.journal.error, `client ${index}`).toBeNull()
      expect(document).toMatchObject({ verdict: 'ahead' })
      expect(document.migrations, `client ${index}`).toHaveLength(2)
    }
  })

  test('leaves the settings of the pool alone', async () => {
    const database = await createDatabase(server, WITH_MYSQL_JOURNAL)
    const pool = poolTo(database)
    const settings = async (): Promise<unknown> => {
      const [rows] = await pool.query<mysql.RowDataPacket[]>('SHOW SESSION VARIABLES')
      return rows.filter(
        ({ Variable_name }) => !/^(timestamp|rand_seed|statement_id|gtid_|pseudo_)/.test(Variable_name),
      )
    }
    const before = await settings()
    await follow(database, { database: pool }).refresh()
    expect(await settings()).toEqual(before)
  })
})

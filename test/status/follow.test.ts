import type { Logger } from '@phasegate/core'
import { createStatus, type Status, type StatusOptions } from '@phasegate/status'
import knexFactory from 'knex'
import pg from 'pg'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createDatabase, describeOnPostgres, startPrivateServer, type TestDatabase } from '../support/servers.js'
import { expectValid } from './document-schema.js'
import { EMAIL, manifestThatUses, recordUnits, WITH_JOURNAL } from './journal-rows.js'

function listeningLogger(): { logger: Logger; lines: string[] } {
  const lines: string[] = []
  const line = (level: string) => (fields: object, message?: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  return { logger: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }, lines }
}

/** Follows the journal with a pool of its own and polls only when told to. */
function follow(
  database: Pick<TestDatabase, 'url'>,
  options: Partial<StatusOptions> = {},
): Status & { lines: string[] } {
  const pool = new pg.Pool({ connectionString: database.url, max: 1 })
  pool.on('error', () => {})
  const { logger, lines } = listeningLogger()
  const status = createStatus({ database: pool, logger, pollInterval: 600_000, instance: 'pod-1', ...options })
  onTestFinished(async () => {
    status.close()
    await pool.end()
  })
  return { ...status, lines }
}

describeOnPostgres(18, 'status', (server) => {
  test('goes from behind to compatible to what contract makes of it, and stays ready', async () => {
    const database = await createDatabase(server, WITH_JOURNAL)
    const status = follow(database, { manifest: manifestThatUses('both') })
    expect(status.migrationStatus()).toMatchObject({
      verdict: 'unknown',
      status: 'fail',
      application: 'api',
      build: 'abc123',
    })
    expectValid(status.migrationStatus())

    const behind = await status.refresh()
    expectValid(behind)
    expect(behind).toMatchObject({
      status: 'fail',
      verdict: 'behind',
      missing: [`${EMAIL}:expand`],
      requires: [`${EMAIL}:expand`],
      counts: { expand: 1, backfill: 1, contract: 1 },
      instance: 'pod-1',
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
    expect([status.ready(), await status.getMigrationStatus()]).toEqual([true, 0])
    expect(status.lines.at(-1)).toMatch(/^error phasegate: incompatible.*"ageMs":/)

    const fresh = follow(database, { manifest: manifestThatUses('both') })
    expect(await fresh.refresh()).toMatchObject({ status: 'fail', verdict: 'incompatible' })
    await expect(fresh.getMigrationStatus()).rejects.toMatchObject({
      code: 'STATUS.NOT_READY',
      meta: { verdict: 'incompatible' },
    })
  })

  test("with onIncompatible: 'unready' turns away what contract made incompatible", async () => {
    const database = await createDatabase(server, WITH_JOURNAL)
    await recordUnits(database, { [`${EMAIL}:expand`]: 'applied' })
    const status = follow(database, { manifest: manifestThatUses('both'), onIncompatible: 'unready' })
    await status.refresh()
    expect(status.ready()).toBe(true)
    await recordUnits(database, { [`${EMAIL}:expand`]: 'failed' })
    expect([(await status.refresh()).status, status.ready()]).toEqual(['warn', true])
    await recordUnits(database, { [`${EMAIL}:contract`]: 'applied' })
    expect([(await status.refresh()).status, status.ready()]).toEqual(['fail', false])
  })

  test('shows gates, approvals, overrides, progress and the hold', async () => {
    const database = await createDatabase(server, WITH_JOURNAL)
    await recordUnits(database, { [`${EMAIL}:backfill`]: 'paused' })
    await database.query(`
      UPDATE phasegate.journal SET held = '{"actor": {"by": "ann", "through": {}}, "reason": "peak", "at": "2026-11-22T09:30:00Z"}';
      UPDATE phasegate.unit SET progress = '{"done": 5, "total": null, "rowsPerSecond": 2.5, "etaSeconds": null, "paused": true, "throttleReason": null}';
      INSERT INTO phasegate.evidence (migration, phase, gate, verdict, reason, detail, observed_at) VALUES
        ('${EMAIL}', 'contract', 'soak', 'closed', 'r', '{"name": "soak", "state": "closed", "reason": "3 h of 24 h", "observed": "3h", "required": "24h", "observedAt": "2026-11-22T09:30:00Z"}', now());
      INSERT INTO phasegate.approval (migration, phase, kind, gate, actor, reason, fingerprint) VALUES
        ('${EMAIL}', 'contract', 'override', 'soak', '{"by": "ann", "through": {"role": "deploy"}}', 'tested', '1:a'),
        ('${EMAIL}', 'contract', 'approval', NULL, '{"by": "bob", "through": {}}', 'reviewed', '1:a')`)
    const document = await follow(database).refresh()
    expectValid(document)
    expect(document.migrations[0]?.phases.backfill).toMatchObject({
      state: 'paused',
      progress: { done: 5, paused: true },
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

  test('without a manifest requires nothing and says so once', async () => {
    const database = await createDatabase(server)
    const status = follow(database)
    const document = await status.refresh()
    await status.refresh()
    expectValid(document)
    expect(document).toMatchObject({
      verdict: 'compatible',
      status: 'pass',
      application: null,
      journal: { exists: false },
    })
    expect(status.lines.filter((line) => line.includes('manifest was given'))).toHaveLength(1)
  })

  test('of a database that is not initialised is behind, and sees the journal once it is there', async () => {
    const database = await createDatabase(server)
    const asked: string[] = []
    const pool = new pg.Pool({ connectionString: database.url, max: 1 })
    onTestFinished(() => pool.end())
    const status = follow(database, {
      manifest: manifestThatUses('both'),
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
    expect(asked, 'no failing statement a poll in the log of the server').toHaveLength(1)
    await database.query(WITH_JOURNAL.sql)
    await recordUnits(database, { [`${EMAIL}:expand`]: 'applied' })
    expect(await status.refresh()).toMatchObject({ verdict: 'compatible' })
    asked.length = 0
    await status.refresh()
    expect(asked).toHaveLength(1)
  })

  test('of a role that may not read the journal is unknown, with the GRANTs', async () => {
    const database = await createDatabase(server, WITH_JOURNAL)
    await database.query(`CREATE ROLE "status_${database.name}" LOGIN PASSWORD 'secret'`)
    const url = new URL(database.url)
    url.username = `status_${database.name}`
    url.password = 'secret'
    const status = follow({ url: url.href }, { manifest: manifestThatUses('old') })
    const document = await status.refresh()
    expectValid(document)
    expect(document).toMatchObject({
      verdict: 'unknown',
      status: 'fail',
      reason: expect.stringContaining(`GRANT SELECT ON ALL TABLES IN SCHEMA phasegate TO "status_${database.name}";`),
      journal: { error: { code: 'JOURNAL.FORBIDDEN' } },
    })
    await database.query(document.journal.error?.next.slice(0, 2).join('\n') ?? '')
    expect(await status.refresh()).toMatchObject({ verdict: 'compatible', journal: { error: null } })
    status.close()
    onTestFinished(() =>
      database.query(`DROP OWNED BY "status_${database.name}"; DROP ROLE "status_${database.name}"`).then(() => {}),
    )
  })

  test('of a newer journal says so', async () => {
    const database = await createDatabase(server, WITH_JOURNAL)
    await database.query('UPDATE phasegate.journal SET version = 1000')
    const document = await follow(database).refresh()
    expectValid(document)
    expect(document).toMatchObject({ verdict: 'unknown', journal: { error: { code: 'JOURNAL.NEWER' } } })
  })

  test('outlives the database: unknown while it never answered, warn with its age when it is lost later', async () => {
    const own = await startPrivateServer({ version: 18 })
    const client = new pg.Client(own.url())
    await client.connect()
    await client.query(WITH_JOURNAL.sql)
    await recordUnits(
      { family: 'postgres', query: async (text, values) => (await client.query(text, values)).rows },
      { [`${EMAIL}:expand`]: 'applied' },
    )
    await client.end()
    await own.stop()

    const status = follow({ url: own.url() }, { manifest: manifestThatUses('both'), pollInterval: 300 })
    const changes: string[] = []
    status.onChange((document) => void changes.push(`${document.status} ${document.verdict}`))
    status.onChange(() => {
      throw new Error('a listener that throws')
    })
    await expect(status.getMigrationStatus()).rejects.toMatchObject({ code: 'STATUS.NOT_READY' })
    expectValid(status.migrationStatus())
    expect(status.migrationStatus()).toMatchObject({
      verdict: 'unknown',
      journal: { error: { code: 'JOURNAL.UNREAD', why: expect.stringContaining('ECONNREFUSED') } },
    })

    await own.restart()
    await expect.poll(() => status.ready(), { timeout: 20_000 }).toBe(true)

    await own.stop()
    await expect.poll(() => status.migrationStatus().journal.error?.code, { timeout: 20_000 }).toBe('JOURNAL.UNREAD')
    expect(status.ready()).toBe(true)
    const document = status.migrationStatus()
    expectValid(document)
    expect(document).toMatchObject({
      status: 'warn',
      verdict: 'compatible',
      journal: { stale: true, error: { code: 'JOURNAL.UNREAD' } },
    })
    expect(document.journal.ageMs).toBeGreaterThan(0)
    expect(status.lines.some((line) => line.startsWith('error phasegate: compatible'))).toBe(true)

    await own.restart()
    await expect.poll(() => status.migrationStatus().status, { timeout: 20_000 }).toBe('pass')
    // The reason may change on the way, from refused to starting up; that is told too.
    const turns = changes.filter((change, index) => change !== changes[index - 1])
    expect(turns).toEqual(['fail unknown', 'pass compatible', 'warn compatible', 'pass compatible'])
    expect(status.lines.some((line) => line.includes('a listener that throws'))).toBe(true)
  })

  test('draining is not ready, and nothing else changes', async () => {
    const database = await createDatabase(server)
    const status = follow(database)
    await status.refresh()
    expect(status.ready()).toBe(true)
    status.drain()
    expect(status.ready()).toBe(false)
    expect(status.migrationStatus()).toMatchObject({ draining: true, verdict: 'compatible' })
    await expect(status.getMigrationStatus()).rejects.toMatchObject({ message: 'This process is draining.' })
  })

  test('gives up a statement that hangs, without giving the hanging connection back to the pool', async () => {
    const database = await createDatabase(server, WITH_JOURNAL)
    const pool = new pg.Pool({ connectionString: database.url, max: 1 })
    const knex = knexFactory({ client: 'pg', connection: database.url, pool: { min: 0, max: 1 } })
    const blocker = await database.connect()
    await blocker.query('BEGIN; LOCK TABLE phasegate.unit')
    for (const client of [pool, knex]) {
      const status = follow(database, { database: client, timeout: 300 })
      expect(await status.refresh()).toMatchObject({
        verdict: 'unknown',
        journal: { error: { code: 'JOURNAL.UNREAD' } },
      })
    }
    const [fromPool, fromKnex] = await Promise.all([pool.query('SELECT 1 AS one'), knex.raw('SELECT 1 AS one')])
    expect([fromPool.rows, fromKnex.rows]).toEqual([[{ one: 1 }], [{ one: 1 }]])
    await blocker.query('ROLLBACK')
    await Promise.all([pool.end(), knex.destroy()])
  })

  test('reads through type parsers and name mappers of the application', async () => {
    const database = await createDatabase(server, WITH_JOURNAL)
    await recordUnits(database, { [`${EMAIL}:expand`]: 'applied' })
    const types = {
      getTypeParser: (oid: number) => (oid === 25 ? (text: string) => text : () => 'not what you expect'),
    }
    const upper = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(upper)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [`x_${key.toUpperCase()}`, upper(inner)]))
          : value
    const pool = new pg.Pool({ connectionString: database.url, types: types as never })
    const knex = knexFactory({
      client: 'pg',
      connection: database.url,
      wrapIdentifier: (name, quote) => quote(name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
      postProcessResponse: (result) => (result.rows === undefined ? result : upper(result)),
    })
    const rowMode = (sql: string): Promise<unknown> =>
      pool.query({ text: sql, rowMode: 'array' }).then((result) => result.rows)
    for (const client of [pool, knex, rowMode])
      expect(await follow(database, { database: client, manifest: manifestThatUses('both') }).refresh()).toMatchObject({
        verdict: 'compatible',
        journal: { error: null },
      })
    await Promise.all([pool.end(), knex.destroy()])
  })

  test('leaves the settings of the pool alone', async () => {
    const database = await createDatabase(server, WITH_JOURNAL)
    const pool = new pg.Pool({ connectionString: database.url, max: 1 })
    const settings = async (): Promise<unknown> =>
      (await pool.query('SELECT name, setting FROM pg_settings ORDER BY name')).rows
    const before = await settings()
    await follow(database, { database: pool }).refresh()
    expect(await settings()).toEqual(before)
    await pool.end()
  })

  test('warns on the console where no logger was given', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    onTestFinished(() => warn.mockRestore())
    const status = createStatus({ database: () => Promise.reject(new Error('down')) })
    await status.refresh()
    status.close()
    expect(warn.mock.calls.map(([message]) => String(message).split(',')[0])).toEqual([
      'phasegate: no build manifest was given',
      'phasegate: not ready',
    ])
  })
})

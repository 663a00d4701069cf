import { randomBytes } from 'node:crypto'
import type { JournalSnapshot, PhasegateError } from '@phasegate/core'
import { readJournal } from '@phasegate/postgres/sql'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { createDatabase, describeOnEveryPostgres, type SharedServer, type TestDatabase } from '../support/servers.js'
import { EMAIL, recordUnits, WITH_JOURNAL } from './journal-rows.js'

const read = (client: pg.Client): Promise<JournalSnapshot> => readJournal((sql) => client.query(sql))

/** A role that may log in and nothing else, and a client of it. */
async function connectAsNobody(
  server: SharedServer,
  database: TestDatabase,
): Promise<{ role: string; client: pg.Client }> {
  const role = `app "${randomBytes(4).toString('hex')}"`
  const quoted = pg.escapeIdentifier(role)
  await database.query(`CREATE ROLE ${quoted} LOGIN PASSWORD 'secret'`)
  const url = new URL(server.url(database.name))
  const client = new pg.Client({
    host: url.hostname,
    port: Number(url.port),
    database: database.name,
    user: role,
    password: 'secret',
  })
  await client.connect()
  onTestFinished(async () => {
    await client.end()
    await database.query(`DROP OWNED BY ${quoted}; DROP ROLE ${quoted}`)
  })
  return { role, client }
}

const statesOf = (snapshot: JournalSnapshot): Record<string, string> =>
  Object.fromEntries(snapshot.units.map((unit) => [`${unit.migration}:${unit.phase}`, unit.state]))

/** Names the session of `client` as the one that runs the unit. */
async function runsIn(database: TestDatabase, client: pg.Client, unit: string, state: string): Promise<void> {
  await recordUnits(database, { [unit]: state })
  const { rows } = await client.query(
    'SELECT pid, backend_start::text AS start FROM pg_stat_activity WHERE pid = pg_backend_pid()',
  )
  await database.query(
    'UPDATE phasegate.unit SET backend_id = $3, backend_started = $4 WHERE migration = $1 AND phase = $2',
    [...unit.split(':'), rows[0].pid, rows[0].start],
  )
}

describeOnEveryPostgres('the journal read', (server) => {
  test('says of a database without a journal that there is none', async () => {
    const database = await createDatabase(server)
    const client = await database.connect()
    const snapshot = await read(client)
    expect(snapshot).toMatchObject({ exists: false, version: null, database: database.name, units: [] })
    expect(snapshot.server).toEqual({ dialect: 'postgres', version: expect.stringContaining(server.version) })
    expect(Math.abs(Date.parse(snapshot.now) - Date.now())).toBeLessThan(60_000)
  })

  test('gives what was recorded, in migration and phase order, whatever the session is set to', async () => {
    const database = await createDatabase(server, WITH_JOURNAL)
    const client = await database.connect()
    await client.query(
      "SET TimeZone = 'Asia/Kolkata'; SET DateStyle = 'SQL, DMY'; SET search_path = ''; SET bytea_output = escape",
    )
    await recordUnits(database, {
      [`${EMAIL}:contract`]: 'failed',
      [`${EMAIL}:expand`]: 'applied',
      '2020_a:backfill': 'paused',
    })
    await database.query(`
      UPDATE phasegate.unit SET since = '2026-11-22 09:30:00.123456Z', progress = '{"done": 5}', error = '{"code": "A.B"}'
        WHERE phase = 'contract';
      UPDATE phasegate.journal SET held = '{"actor": {"by": "ann", "through": {}}, "reason": "why", "at": "2026-11-22T09:30:00Z"}'`)
    const snapshot = await read(client)
    expect(snapshot).toMatchObject({ exists: true, version: 4, held: { reason: 'why' } })
    expect(snapshot.target).toMatch(/^[0-9a-f-]{36}$/)
    expect(snapshot.units.map((unit) => `${unit.migration}:${unit.phase}`)).toEqual([
      '2020_a:backfill',
      `${EMAIL}:expand`,
      `${EMAIL}:contract`,
    ])
    expect(snapshot.units[2]).toMatchObject({
      state: 'failed',
      since: '2026-11-22T09:30:00.123456Z',
      startedAt: null,
      progress: { done: 5 },
      error: { code: 'A.B' },
      pointOfNoReturn: false,
    })
  })

  test('takes a running unit for interrupted when its session is gone, and not before', async () => {
    const database = await createDatabase(server, WITH_JOURNAL)
    const [client, runner] = [await database.connect(), await database.connect()]
    await runsIn(database, runner, `${EMAIL}:expand`, 'running')
    await runsIn(database, runner, `${EMAIL}:contract`, 'contracting')
    await recordUnits(database, { 'other:expand': 'failed', 'gone:expand': 'running' })
    const alive = { [`${EMAIL}:expand`]: 'running', [`${EMAIL}:contract`]: 'contracting', 'other:expand': 'failed' }
    expect(statesOf(await read(client))).toEqual({ ...alive, 'gone:expand': 'interrupted' })

    await database.query(
      "UPDATE phasegate.unit SET backend_started = backend_started - interval '1 second' WHERE phase = 'contract'",
    )
    expect(statesOf(await read(client)), 'the id belongs to a later session').toMatchObject({
      [`${EMAIL}:contract`]: 'interrupted',
    })

    await database.query(
      'SELECT pg_terminate_backend(backend_id) FROM phasegate.unit WHERE migration = $1 AND phase = $2',
      [EMAIL, 'expand'],
    )
    await expect
      .poll(async () => statesOf(await read(client)))
      .toEqual({
        [`${EMAIL}:expand`]: 'interrupted',
        [`${EMAIL}:contract`]: 'interrupted',
        'other:expand': 'failed',
        'gone:expand': 'interrupted',
      })
  })

  test('takes a backfill for running while a worker holds one of its ranges', async () => {
    const database = await createDatabase(server, WITH_JOURNAL)
    const [client, worker] = [await database.connect(), await database.connect()]
    await recordUnits(database, { [`${EMAIL}:backfill`]: 'running' })
    expect(statesOf(await read(client))).toEqual({ [`${EMAIL}:backfill`]: 'interrupted' })
    await worker.query(
      `INSERT INTO phasegate.backfill_range (migration, ordinal, upper, owner, backend_id, backend_started)
       SELECT $1, 0, '10', 'w1', pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()`,
      [EMAIL],
    )
    expect(statesOf(await read(client))).toEqual({ [`${EMAIL}:backfill`]: 'running' })
    await database.query('UPDATE phasegate.backfill_range SET owner = NULL')
    expect(statesOf(await read(client)), 'given back').toEqual({ [`${EMAIL}:backfill`]: 'interrupted' })
  })

  test('as a role without pg_read_all_stats goes by the lock that a runner holds', async () => {
    const database = await createDatabase(server, WITH_JOURNAL)
    const { role, client } = await connectAsNobody(server, database)
    const quoted = pg.escapeIdentifier(role)
    await database.query(
      `GRANT USAGE ON SCHEMA phasegate TO ${quoted}; GRANT SELECT ON ALL TABLES IN SCHEMA phasegate TO ${quoted}`,
    )
    const runner = await database.connect()
    await runsIn(database, runner, `${EMAIL}:expand`, 'running')
    expect(statesOf(await read(client)), 'the id alone proves nothing').toEqual({ [`${EMAIL}:expand`]: 'interrupted' })
    await runner.query("SELECT pg_advisory_lock(x'70686173'::int, 2)")
    expect(statesOf(await read(client))).toEqual({ [`${EMAIL}:expand`]: 'running' })
  })

  test('names the GRANTs that a role lacks, and works once they were run', async () => {
    const database = await createDatabase(server, WITH_JOURNAL)
    const { role, client } = await connectAsNobody(server, database)
    const error = (await read(client).catch((thrown: unknown) => thrown)) as PhasegateError
    const quoted = role.replaceAll('"', '""')
    const grants = [
      `GRANT USAGE ON SCHEMA phasegate TO "${quoted}";`,
      `GRANT SELECT ON ALL TABLES IN SCHEMA phasegate TO "${quoted}";`,
    ]
    expect(error).toMatchObject({ code: 'JOURNAL.FORBIDDEN', meta: { role, grants } })
    expect(error.why).toContain('permission denied for schema phasegate')
    await database.query(grants[0] as string)
    await expect(read(client)).rejects.toMatchObject({
      code: 'JOURNAL.FORBIDDEN',
      why: expect.stringMatching(/permission denied for table/),
    })
    await database.query(grants[1] as string)
    expect((await read(client)).exists).toBe(true)
  })

  test('gives the latest check of each gate, approvals with ids as text, and builds', async () => {
    const database = await createDatabase(server, WITH_JOURNAL)
    const client = await database.connect()
    await database.query(`
      INSERT INTO phasegate.evidence (migration, phase, gate, verdict, reason, detail, observed_at)
        SELECT m, 'contract', g, 'open', 'r', jsonb_build_object('name', g, 'n', n), now()
        FROM generate_series(1, 40) n, unnest(ARRAY['a', 'b']) m, unnest(ARRAY['approval', 'soak', 'backfillVerified']) g;
      ALTER TABLE phasegate.approval ALTER COLUMN id RESTART WITH 9007199254740993;
      INSERT INTO phasegate.approval (migration, phase, kind, actor, reason, fingerprint)
        VALUES ('a', 'contract', 'approval', '{"by": "ann", "through": {}}', 'reviewed', '1:a');
      INSERT INTO phasegate.build VALUES ('d1', 'api', '{"migrations": [{"name": "a", "appUses": "both"}, {"name": "b", "appUses": null}]}');
      INSERT INTO phasegate.instance (id, digest, expires_at) VALUES ('i1', 'd1', now() + interval '1 hour'), ('i2', 'd1', now())`)
    const { evidence, approvals, builds } = await read(client)
    expect(evidence.map(({ migration, check }) => `${migration} ${check.name} ${(check as { n?: number }).n}`)).toEqual(
      ['a', 'b'].flatMap((name) => [`${name} approval 40`, `${name} backfillVerified 40`, `${name} soak 40`]),
    )
    expect(approvals).toMatchObject([{ id: '9007199254740993', kind: 'approval', revokedAt: null }])
    expect(builds).toMatchObject([{ digest: 'd1', application: 'api', liveInstances: 1, uses: { a: 'both' } }])
  })

  test('stays cheap: below the cost from which PostgreSQL compiles a statement', async () => {
    const database = await createDatabase(server, WITH_JOURNAL)
    const client = await database.connect()
    await database.query(`
      INSERT INTO phasegate.unit (migration, phase, state, fingerprint)
        SELECT 'm' || n, p, 'applied', '1:a' FROM generate_series(1, 1000) n, unnest(ARRAY['expand', 'backfill', 'contract']) p;
      INSERT INTO phasegate.evidence (migration, phase, gate, verdict, reason, detail, observed_at)
        SELECT 'm' || n % 50, 'contract', 'soak', 'open', 'r', '{}', now() FROM generate_series(1, 20000) n;
      ANALYZE`)
    const plans: string[] = []
    await readJournal(async (sql) => {
      plans.push((await client.query(`EXPLAIN (FORMAT JSON) ${sql}`)).rows.map((row) => JSON.stringify(row)).join())
      return client.query(sql)
    })
    const cost = Number(/"Total Cost":\s*([\d.]+)/.exec(plans[0] ?? '')?.[1])
    expect(cost).toBeLessThan(100_000)
    expect(plans[0]).toContain('evidence_latest')
  })
})

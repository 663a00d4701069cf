import { randomBytes } from 'node:crypto'
import type { JournalSnapshot, PhasegateError } from '@phasegate/core'
import { JOURNAL_TABLES, readJournal, SESSION_LOCK_PREFIX } from '@phasegate/mysql/sql'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { expect, onTestFinished, test } from 'vitest'
import {
  createDatabase,
  describeOnEveryMysql,
  type MysqlDatabase,
  type SharedMysql,
  startPrivateServer,
} from '../support/servers.js'
import { EMAIL, recordUnits, WITH_MYSQL_JOURNAL } from './journal-rows.js'

const read = (connection: Connection): Promise<JournalSnapshot> => readJournal((sql) => connection.query(sql))

/** An account that may log in, but not see a table yet, and a connection of it. */
async function connectAsNobody(database: MysqlDatabase): Promise<{ account: string; connection: Connection }> {
  const name = `app @ ${randomBytes(4).toString('hex')}`
  const account = `\`${name}\`@\`%\``
  await database.query(`CREATE USER ${account} IDENTIFIED BY 'secret'; CREATE TABLE of_the_app (id INT PRIMARY KEY);
    GRANT SELECT ON ${database.name}.of_the_app TO ${account}`)
  const url = new URL(database.url)
  const connection = await createConnection({
    host: url.hostname,
    port: Number(url.port),
    database: database.name,
    user: name,
    password: 'secret',
  })
  onTestFinished(async () => {
    await connection.end()
    await database.query(`DROP USER ${account}`)
  })
  return { account, connection }
}

const statesOf = (snapshot: JournalSnapshot): Record<string, string> =>
  Object.fromEntries(snapshot.units.map((unit) => [`${unit.migration}:${unit.phase}`, unit.state]))

/** Makes of the connection a session of ours: it holds the lock of its token. */
async function becomeOurs(connection: Connection): Promise<{ id: number; token: string }> {
  const token = randomBytes(12).toString('hex')
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT CONNECTION_ID() AS id, GET_LOCK('${SESSION_LOCK_PREFIX}${token}', 0) AS taken`,
  )
  expect(rows[0]?.taken).toBe(1)
  return { id: rows[0]?.id, token }
}

/** Names the session of `connection` as the one that runs the unit. */
async function runsIn(database: MysqlDatabase, connection: Connection, unit: string, state: string): Promise<void> {
  await recordUnits(database, { [unit]: state })
  const { id, token } = await becomeOurs(connection)
  await database.query(
    'UPDATE phasegate_unit SET backend_id = ?, backend_started = ? WHERE migration = ? AND phase = ?',
    [id, token, ...unit.split(':')],
  )
}

describeOnEveryMysql('the journal read', (server: SharedMysql) => {
  test('says of a database without a journal that there is none', async () => {
    const database = await createDatabase(server)
    const snapshot = await read(await database.connect())
    expect(snapshot).toMatchObject({ exists: false, version: null, database: database.name, units: [] })
    expect(snapshot.server).toEqual({ dialect: server.family, version: expect.stringContaining(server.version) })
    expect(Math.abs(Date.parse(snapshot.now) - Date.now())).toBeLessThan(60_000)
  })

  test('gives what was recorded, in migration and phase order, whatever the session is set to', async () => {
    const database = await createDatabase(server, WITH_MYSQL_JOURNAL)
    const connection = await database.connect()
    await connection.query(`SET time_zone = '+05:30', lc_time_names = 'hi_IN', group_concat_max_len = 8,
      sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES,HIGH_NOT_PRECEDENCE,NO_UNSIGNED_SUBTRACTION,ONLY_FULL_GROUP_BY'`)
    await recordUnits(database, {
      [`${EMAIL}:contract`]: 'failed',
      [`${EMAIL}:expand`]: 'applied',
      'é😀:expand': 'applied',
      'Zebra:expand': 'applied',
      '2020_a:backfill': 'paused',
    })
    await database.query(`
      UPDATE phasegate_unit SET since = '2026-11-22 09:30:00.123456', progress = '{"done": 5}', point_of_no_return = 1,
        error = '{"code": "A.B", "message": "it''s \\\\"quoted\\\\"\\\\n", "cause": null}' WHERE phase = 'contract';
      UPDATE phasegate_journal SET held = '{"actor": {"by": "ann", "through": {}}, "reason": "why", "at": "2026-11-22T09:30:00Z"}'`)
    const snapshot = await read(connection)
    expect(snapshot).toMatchObject({ exists: true, version: 4, held: { reason: 'why' } })
    expect(snapshot.server).toEqual({ dialect: server.family, version: expect.stringContaining(server.version) })
    expect(snapshot.target).toMatch(/^[0-9a-f-]{36}$/)
    expect(snapshot.units.map((unit) => `${unit.migration}:${unit.phase}`)).toEqual([
      '2020_a:backfill',
      `${EMAIL}:expand`,
      `${EMAIL}:contract`,
      'Zebra:expand',
      'é😀:expand',
    ])
    expect(snapshot.units[2]).toEqual({
      migration: EMAIL,
      phase: 'contract',
      state: 'failed',
      fingerprint: '1:a',
      attempts: 0,
      actor: null,
      since: '2026-11-22T09:30:00.123456Z',
      startedAt: null,
      finishedAt: null,
      progress: { done: 5 },
      request: null,
      detail: {},
      error: { code: 'A.B', message: 'it\'s "quoted"\n', cause: null },
      pointOfNoReturn: true,
    })
    expect(snapshot.units[1]).toMatchObject({ error: null, progress: null, pointOfNoReturn: false })
  })

  test('takes a running unit for interrupted when its session is gone, and not before', async () => {
    const database = await createDatabase(server, WITH_MYSQL_JOURNAL)
    const connection = await database.connect()
    const [expands, contracts] = [await database.connect(), await database.connect()]
    await runsIn(database, expands, `${EMAIL}:expand`, 'running')
    await runsIn(database, contracts, `${EMAIL}:contract`, 'contracting')
    await recordUnits(database, { 'other:expand': 'failed', 'gone:expand': 'running', 'longer:expand': 'verifying' })
    await database.query(
      `UPDATE phasegate_unit SET backend_id = 1, backend_started = REPEAT('x', 64) WHERE migration = 'longer'`,
    )
    const gone = { 'gone:expand': 'interrupted', 'longer:expand': 'interrupted', 'other:expand': 'failed' }
    expect(statesOf(await read(connection))).toEqual({
      ...gone,
      [`${EMAIL}:expand`]: 'running',
      [`${EMAIL}:contract`]: 'contracting',
    })

    await database.query("UPDATE phasegate_unit SET backend_id = backend_id + 1 WHERE phase = 'contract'")
    expect(statesOf(await read(connection)), 'the lock is held by another session').toMatchObject({
      [`${EMAIL}:contract`]: 'interrupted',
    })

    await database.query(`KILL ${expands.threadId}`)
    await expect
      .poll(async () => statesOf(await read(connection)))
      .toEqual({ ...gone, [`${EMAIL}:expand`]: 'interrupted', [`${EMAIL}:contract`]: 'interrupted' })
  })

  test('takes a session for alive whose client is gone, while its statement goes on', async () => {
    const database = await createDatabase(server, WITH_MYSQL_JOURNAL)
    const [connection, runner] = [await database.connect(), await database.connect()]
    await database.query('CREATE TABLE busy (id INT PRIMARY KEY)')
    await runsIn(database, runner, `${EMAIL}:expand`, 'running')
    const id = runner.threadId
    // Its answer never comes: mysql2 settles nothing that was asked before `destroy`.
    void runner.query('INSERT INTO busy SELECT SLEEP(60)').catch(() => {})
    await expect
      .poll(async () => (await database.query('SHOW PROCESSLIST')).find((one) => one.Id === id)?.Info)
      .toMatch(/INSERT/)
    runner.destroy()
    expect(statesOf(await read(connection))).toEqual({ [`${EMAIL}:expand`]: 'running' })
    await database.query(`KILL ${id}`)
    await expect.poll(async () => statesOf(await read(connection))).toEqual({ [`${EMAIL}:expand`]: 'interrupted' })
  })

  test('takes a backfill for running while a worker holds one of its ranges', async () => {
    const database = await createDatabase(server, WITH_MYSQL_JOURNAL)
    const [connection, worker] = [await database.connect(), await database.connect()]
    await recordUnits(database, { [`${EMAIL}:backfill`]: 'running' })
    expect(statesOf(await read(connection))).toEqual({ [`${EMAIL}:backfill`]: 'interrupted' })
    const { id, token } = await becomeOurs(worker)
    await database.query(
      `INSERT INTO phasegate_backfill_range (migration, ordinal, upper, owner, backend_id, backend_started)
       VALUES (?, 0, '10', 'w1', ?, ?)`,
      [EMAIL, id, token],
    )
    expect(statesOf(await read(connection))).toEqual({ [`${EMAIL}:backfill`]: 'running' })
    await database.query('UPDATE phasegate_backfill_range SET owner = NULL')
    expect(statesOf(await read(connection)), 'given back').toEqual({ [`${EMAIL}:backfill`]: 'interrupted' })
  })

  test('concludes nothing about sessions on a replica, which does not know those of its primary', async () => {
    const own = await startPrivateServer({ family: server.family, settings: { read_only: '1' } })
    const database = await createDatabase(own, WITH_MYSQL_JOURNAL)
    await recordUnits(database, { [`${EMAIL}:expand`]: 'running' })
    const connection = await database.connect()
    expect(statesOf(await read(connection))).toEqual({ [`${EMAIL}:expand`]: 'running' })
    await connection.query('SET GLOBAL read_only = 0')
    expect(statesOf(await read(connection))).toEqual({ [`${EMAIL}:expand`]: 'interrupted' })
  })

  test('names the GRANTs that an account lacks, and works once they were run', async () => {
    const database = await createDatabase(server, WITH_MYSQL_JOURNAL)
    await recordUnits(database, { 'gone:expand': 'running' })
    const { account, connection } = await connectAsNobody(database)
    const error = (await read(connection).catch((thrown: unknown) => thrown)) as PhasegateError
    const grants = JOURNAL_TABLES.map((table) => `GRANT SELECT ON \`${database.name}\`.\`${table}\` TO ${account};`)
    expect(error).toMatchObject({ code: 'JOURNAL.FORBIDDEN', meta: { role: account.replaceAll('`', ''), grants } })
    expect(error.why).toMatch(/SELECT command denied to user .* for table/)
    for (const grant of grants.slice(1)) await database.query(grant)
    await expect(read(connection)).rejects.toMatchObject({
      code: 'JOURNAL.FORBIDDEN',
      why: expect.stringMatching(/phasegate_unit/),
    })
    await database.query(grants[0] as string)
    expect(statesOf(await read(connection))).toEqual({ 'gone:expand': 'interrupted' })
  })

  test('gives the latest check of each gate, approvals with ids as text, and builds', async () => {
    const database = await createDatabase(server, WITH_MYSQL_JOURNAL)
    await database.query(`ALTER DATABASE ${database.name} CHARACTER SET utf8mb3`)
    const connection = await database.connect()
    const many = Array.from({ length: 3000 }, (_, n) => ({ name: `${n}_${'x'.repeat(200)}`, appUses: 'old' }))
    const manifest = JSON.stringify({
      migrations: [{ name: 'é😀', appUses: 'both' }, { name: 'b', appUses: null }, { name: 'c' }, ...many],
    })
    for (let n = 1; n <= 40; n++)
      for (const migration of ['a', 'b'])
        for (const gate of ['soak', 'approval', 'backfillVerified'])
          await connection.query(
            `INSERT INTO phasegate_evidence (migration, phase, gate, verdict, reason, detail, observed_at)
             VALUES (?, 'contract', ?, 'open', 'r', ?, UTC_TIMESTAMP(6))`,
            [migration, gate, JSON.stringify({ name: gate, n })],
          )
    await connection.query(`
      ALTER TABLE phasegate_approval AUTO_INCREMENT = 9007199254740993;
      INSERT INTO phasegate_approval (migration, phase, kind, actor, reason, fingerprint) VALUES
        ('a', 'contract', 'approval', '{"by": "ann", "through": {}}', 'reviewed', '1:a'),
        ('a', 'contract', 'approval', '{"by": "bob", "through": {}}', 'reviewed', '1:a');
      INSERT INTO phasegate_build (digest, application, manifest, first_seen) VALUES
        ('d1', 'api', ${connection.escape(manifest)}, '2026-01-02'), ('d2', 'api', '{"migrations": []}', '2026-01-01');
      INSERT INTO phasegate_instance (id, digest, expires_at) VALUES
        ('i1', 'd1', UTC_TIMESTAMP(6) + INTERVAL 1 HOUR), ('i2', 'd1', UTC_TIMESTAMP(6))`)
    await connection.query('SET SESSION group_concat_max_len = 8')
    const { evidence, approvals, builds } = await read(connection)
    expect(evidence.map(({ migration, check }) => `${migration} ${check.name} ${(check as { n?: number }).n}`)).toEqual(
      ['a', 'b'].flatMap((name) => [`${name} approval 40`, `${name} backfillVerified 40`, `${name} soak 40`]),
    )
    expect(Object.keys(evidence[0] ?? {}).sort()).toEqual(['check', 'migration', 'phase'])
    expect(approvals.map(({ id, actor }) => [id, actor.by])).toEqual([
      ['9007199254740993', 'ann'],
      ['9007199254740994', 'bob'],
    ])
    expect(builds).toMatchObject([
      {
        digest: 'd2',
        liveInstances: 0,
        uses: {},
        firstSeen: '2026-01-01T00:00:00.000000Z',
        lastSeen: '2026-01-01T00:00:00.000000Z',
      },
      { digest: 'd1', application: 'api', liveInstances: 1, uses: { 'é😀': 'both' } },
    ])
    expect(Object.keys(builds[1]?.uses ?? {})).toHaveLength(3001)
  })

  test('is one snapshot: of a unit and its approval both or neither', async () => {
    const database = await createDatabase(server, WITH_MYSQL_JOURNAL)
    const [connection, writer] = [await database.connect(), await database.connect()]
    let writing = true
    const writes = (async () => {
      for (let n = 0; writing; n++) {
        await writer.query('BEGIN')
        await writer.query(
          `INSERT INTO phasegate_approval (migration, phase, kind, actor, reason, fingerprint)
           VALUES (?, 'contract', 'approval', '{"by": "ann", "through": {}}', 'r', '1:a')`,
          [`m${n}`],
        )
        await writer.query(
          `INSERT INTO phasegate_unit (migration, phase, state, fingerprint) VALUES (?, 'contract', 'applied', '1:a')`,
          [`m${n}`],
        )
        await writer.query('COMMIT')
      }
    })()
    for (let n = 0; n < 100; n++) {
      const { units, approvals } = await read(connection)
      expect(units.length).toBe(approvals.length)
    }
    writing = false
    await writes
    expect((await read(connection)).units.length).toBeGreaterThan(10)
  })

  test('stays cheap: of the append-only evidence it reads the last of each gate', async () => {
    const database = await createDatabase(server, WITH_MYSQL_JOURNAL)
    const connection = await database.connect()
    const rows = Array.from({ length: 20_000 }, (_, n) => [
      `m${n % 50}`,
      'contract',
      'soak',
      'open',
      'r',
      '{}',
      '2026-11-22',
    ])
    await connection.query(
      'INSERT INTO phasegate_evidence (migration, phase, gate, verdict, reason, detail, observed_at) VALUES ?',
      [rows],
    )
    await connection.query('ANALYZE TABLE phasegate_evidence')
    await connection.query('FLUSH STATUS')
    expect((await read(connection)).evidence).toHaveLength(50)
    const [counted] = await connection.query<RowDataPacket[]>("SHOW SESSION STATUS LIKE 'Handler_read%'")
    const reads = counted.reduce((sum, row) => sum + Number(row.Value), 0)
    expect(reads).toBeGreaterThan(50)
    expect(reads).toBeLessThan(1000)
  })
})

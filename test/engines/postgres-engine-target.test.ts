import { spawn } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineSeen, EngineTable, Leftovers, Session, Target } from '@phasegate/core'
import { postgresDialect } from '@phasegate/postgres'
import { expect, test } from 'vitest'
import { atTestEnd } from '../support/at-test-end.js'
import { createDatabase, describeOnEveryPostgres, describeWithPgRepack, type TestDatabase } from '../support/servers.js'
import {
  assertNothingLeft,
  assertNothingLost,
  COPIED,
  COPYING,
  repackDatabase,
  startWriting,
  until,
} from './repack-setup.js'

/** Shorter than the copy of `manyRows`, on which a killed tool's session goes on. */
const LIMITS = { lockTimeout: 400, statementTimeout: 0 }

async function connect(
  db: TestDatabase,
  url = db.url,
): Promise<{ readonly target: Target; readonly session: Session }> {
  const target = await postgresDialect.connect({ connection: url })
  atTestEnd(() => target.close())
  return { target, session: await target.openSession('test') }
}

/** As another role. */
function urlOf(db: TestDatabase, user: string, password: string): string {
  const url = new URL(db.url)
  url.username = user
  url.password = password
  return url.href
}

describeOnEveryPostgres('a table as engines see it', (server) => {
  test('its keys are those that a row can be found by again, the primary one first', async () => {
    const db = await createDatabase(server)
    await db.query(`
      CREATE SCHEMA "Shop";
      CREATE TABLE "Shop"."Item" (a int NOT NULL, b int NOT NULL, c text, gone int, d int NOT NULL);
      CREATE UNIQUE INDEX wide ON "Shop"."Item" (a, b) INCLUDE (c);
      CREATE UNIQUE INDEX partial ON "Shop"."Item" (a) WHERE b > 0;
      CREATE UNIQUE INDEX expression ON "Shop"."Item" ((a + 1));
      CREATE UNIQUE INDEX nullable ON "Shop"."Item" (a, c);
      CREATE INDEX plain ON "Shop"."Item" (d);
      ALTER TABLE "Shop"."Item" ADD CONSTRAINT pk PRIMARY KEY (d, a), DROP COLUMN gone`)
    const { target, session } = await connect(db)
    const table = await target.engine.inspect(session, { schema: 'Shop', name: 'Item' })
    expect(table).toMatchObject({
      schema: 'Shop',
      name: 'Item',
      storage: 'heap',
      partitioned: false,
      columns: ['a', 'b', 'c', 'd'],
      // pg_repack's own view leaves `wide` out because of its INCLUDE column that may be NULL.
      keys: [{ name: 'pk', columns: ['d', 'a'], primary: true }],
    })
    expect(await target.engine.inspect(session, { schema: 'shop', name: 'Item' })).toBeUndefined()
    expect(await target.engine.inspect(session, { name: 'Item' })).toBeUndefined()
  })

  test('foreign keys of both sides and triggers, ours marked', async () => {
    const db = await createDatabase(server)
    await db.query(`
      CREATE TABLE team (id int PRIMARY KEY); CREATE TABLE users (id int PRIMARY KEY, team int CONSTRAINT of_team REFERENCES team);
      CREATE TABLE orders (owner int CONSTRAINT of_user REFERENCES users); ANALYZE orders;
      CREATE FUNCTION phasegate_sync_users() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE FUNCTION own() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER a BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION own();
      CREATE TRIGGER zz BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION phasegate_sync_users()`)
    const { target, session } = await connect(db)
    expect(await target.engine.inspect(session, { name: 'users' })).toMatchObject({
      references: [{ constraint: 'of_team', table: 'team' }],
      referencedBy: [{ constraint: 'of_user', table: 'orders', rows: expect.any(Number) }],
      triggers: [
        { name: 'a', sync: false },
        { name: 'zz', sync: true },
      ],
    })
  })

  test.each([
    ['CREATE UNLOGGED TABLE t (id int)', { storage: 'unlogged', partitioned: false, keys: [] }],
    ['CREATE TABLE t (id int) PARTITION BY RANGE (id)', { storage: 'partitioned', partitioned: true }],
    ['CREATE TABLE t (id int UNIQUE)', { storage: 'heap', keys: [] }],
  ])('%s', async (sql, expected) => {
    const db = await createDatabase(server)
    await db.query(sql)
    const { target, session } = await connect(db)
    expect(await target.engine.inspect(session, { name: 't' })).toMatchObject(expected)
  })

  test('a view is no table', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE VIEW t AS SELECT 1')
    const { target, session } = await connect(db)
    expect(await target.engine.inspect(session, { name: 't' })).toBeUndefined()
  })

  test('it is another one after it was written anew, and the same after anything else', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE t (id int PRIMARY KEY)')
    const { target, session } = await connect(db)
    const identity = async (): Promise<string> => (await target.engine.inspect(session, { name: 't' }))!.identity
    const first = await identity()
    await db.query('INSERT INTO t VALUES (1); ANALYZE t; ALTER TABLE t ADD note text; CREATE INDEX ON t (note)')
    expect(await identity()).toBe(first)
    await db.query('VACUUM FULL t')
    expect(await identity()).not.toBe(first)
    expect((await identity()).split('/')[0]).toBe(first.split('/')[0])
  })

  test('bytes are with indexes, and of a partitioned table those of its leaves', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id);
      CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (5000); INSERT INTO p SELECT generate_series(0, 4999); ANALYZE p1`)
    const { target, session } = await connect(db)
    const [whole, leaf] = [
      await target.engine.inspect(session, { name: 'p' }),
      await target.engine.inspect(session, { name: 'p1' }),
    ]
    const [row] = await db.query<{ bytes: string }>(`SELECT pg_total_relation_size('p1') AS bytes`)
    expect([whole!.bytes, leaf!.bytes]).toEqual([Number(row!.bytes), Number(row!.bytes)])
    expect([whole!.rows, leaf!.rows]).toEqual([5000, 5000])
    expect(leaf!.indexBytes).toBeGreaterThan(0)
  })

  test('room on the disk is known where the data directory of the very server may be looked at', async () => {
    const db = await createDatabase(server)
    const { target, session } = await connect(db)
    const [row] = await db.query<{ folder: string }>(`SELECT current_setting('data_directory') AS folder`)
    const { bavail, bsize } = statfsSync(row!.folder)
    expect(Math.abs((await target.engine.freeBytes(session))! - bavail * bsize)).toBeLessThan(2 ** 30)
    const elsewhere = {
      ...session,
      query: async () => [{ directory: row!.folder, started: '1' }],
    } as unknown as Session
    expect(await target.engine.freeBytes(elsewhere)).toBeNull()
  })

  test('what an account may not do, and which limits it has', async () => {
    const db = await createDatabase(server)
    const role = `owner_${db.name}`
    await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'p'; CREATE TABLE own (id int PRIMARY KEY); CREATE TABLE other (id int);
      ALTER TABLE own OWNER TO ${role}; ALTER ROLE ${role} SET lock_timeout = '1s'; CREATE SCHEMA repack;
      CREATE PUBLICATION everything FOR ALL TABLES`)
    try {
      const { target, session } = await connect(db, urlOf(db, role, 'p'))
      const table = async (name: string): Promise<EngineTable> => (await target.engine.inspect(session, { name }))!
      const unmet = async (name: string, ...requirements: Parameters<typeof target.engine.unmet>[2]) =>
        target.engine.unmet(session, await table(name), requirements)
      expect(await unmet('own', 'superuser')).toEqual([expect.stringMatching(/is no superuser/)])
      expect(await unmet('own', 'may write the table anew')).toEqual([
        expect.stringMatching(/GRANT USAGE, CREATE ON SCHEMA repack/),
      ])
      await db.query(`GRANT USAGE, CREATE ON SCHEMA repack TO ${role}`)
      expect(await unmet('own', 'may write the table anew')).toEqual([])
      expect(await unmet('other', 'may write the table anew')).toEqual([
        expect.stringMatching(/does not own public\.other/),
      ])
      expect(await unmet('own', 'no publication of all tables')).toEqual([
        expect.stringMatching(/everything is FOR ALL TABLES/),
      ])
      expect(await target.engine.limitsOfAccount!(session)).toEqual(['lock_timeout'])
      await session.close()
      await target.close()
      const admin = await connect(db)
      expect(
        await admin.target.engine.unmet(admin.session, { schema: 'public', name: 'other' } as EngineTable, [
          'superuser',
          'may write the table anew',
        ]),
      ).toEqual([])
      expect(await admin.target.engine.limitsOfAccount!(admin.session)).toEqual([])
    } finally {
      await db.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })

  test('how a tool connects is how we do', async () => {
    const db = await createDatabase(server)
    const { target } = await connect(db)
    const { hostname, port, username, password } = new URL(db.url)
    expect(await target.engine.connection()).toEqual({
      host: hostname,
      port: Number(port),
      user: username,
      password,
      database: db.name,
    })
    let asked = 0
    const givesPassword = async (): Promise<string> => {
      asked++
      return password
    }
    const byFunction = await postgresDialect.connect({
      connection: { host: hostname, port: Number(port), user: username, database: db.name, password: givesPassword },
    })
    atTestEnd(() => byFunction.close())
    const before = asked
    expect((await byFunction.engine.connection()).password).toBe(password)
    expect(asked).toBe(before + 1)
  })
})

describeWithPgRepack('pg_repack, seen and taken away', (server) => {
  test('it is seen copying, in rows that grow, then catching up; and whom it waits for', async () => {
    const db = await repackDatabase(server)
    await manyRows(db)
    const { target, session } = await connect(db)
    const table = (await target.engine.inspect(session, { name: 'users' }))!
    expect(await target.engine.watch!(session, table)).toBeUndefined()
    const holder = await db.connect()
    await holder.query('BEGIN; SELECT pg_current_xact_id()')
    const tool = start(db)
    const seen: EngineSeen[] = []
    for (
      const end = Date.now() + 30_000;
      seen.at(-1)?.state !== 'catching up' || seen.at(-1)?.waitsFor === null;
      await sleep(20)
    ) {
      if (Date.now() > end) throw new Error(JSON.stringify(seen.slice(-5)))
      const one = await target.engine.watch!(session, table)
      if (one !== undefined) seen.push(one)
    }
    const copied = seen.flatMap(({ state, done }) => (state === 'copying' && done !== null && done > 0 ? [done] : []))
    expect(copied.length).toBeGreaterThan(1)
    expect(copied).toEqual([...copied].sort((a, b) => a - b))
    expect(copied.at(-1)).toBeGreaterThan(table.rows! / 4)
    expect(copied.at(-1)).toBeLessThanOrEqual(table.rows!)
    expect(seen.map(({ state }) => state)).toContain('building')
    expect(seen.at(-1)!.waitsFor).toMatch(
      /older than its copy; the oldest is that of session \d+ \(test, idle in transaction/,
    )
    await holder.query('ROLLBACK')
    await tool.ended
    expect(await target.engine.watch!(session, table)).toBeUndefined()
  })

  test.each([
    ['while it copies', COPYING],
    ['after its copy', COPIED],
  ])(
    'killed %s: its sessions are found and ended, what is left is taken away, and no write fails meanwhile',
    async (_, moment) => {
      const db = await repackDatabase(server)
      if (moment === COPYING) await manyRows(db)
      const { target, session } = await connect(db)
      const table = (await target.engine.inspect(session, { name: 'users' }))!
      const [oid] = table.identity.split('/')
      const names: Leftovers = {
        triggers: ['repack_trigger'],
        tables: [`repack.log_${oid}`, `repack.table_${oid}`, `repack.pk_${oid}`],
      }
      expect(await target.engine.existing(session, table, names)).toEqual({ triggers: [], tables: [] })
      const holder = await db.connect()
      await holder.query('BEGIN; SELECT pg_current_xact_id()')
      const traffic = await startWriting(db)
      const tool = start(db)
      await until(db, moment)
      process.kill(tool.pid, 'SIGKILL')
      await tool.ended
      expect(await target.engine.existing(session, table, names)).toMatchObject({ triggers: ['repack_trigger'] })
      if (moment === COPIED) {
        await until(
          db,
          `SELECT WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'pg_repack' AND datname = current_database())`,
        )
        expect(await target.inspectSurroundings(session, [])).toMatchObject([
          {
            check: 'pg_repack',
            state: 'warning',
            message: expect.stringContaining('users has the trigger'),
            next: expect.stringContaining(`DROP TABLE repack.log_${oid}`),
          },
        ])
      }
      await target.engine.removeLeftovers(session, table, names, LIMITS)
      await sleep(200)
      const { reads, writes } = await traffic.stop()
      expect([...reads.errors, ...writes.errors]).toEqual([])
      await holder.query('ROLLBACK')
      await assertNothingLeft(db)
      await assertNothingLost(db)
      expect(await target.engine.existing(session, table, names)).toEqual({ triggers: [], tables: [] })
      // Done twice it does no harm.
      await target.engine.removeLeftovers(session, table, names, LIMITS)
    },
  )

  test('a run on another table is left alone', async () => {
    const db = await repackDatabase(server)
    const { target, session } = await connect(db)
    const other = (await target.engine.inspect(session, { name: 'mirror' }))!
    const holder = await db.connect()
    await holder.query('BEGIN; SELECT pg_current_xact_id()')
    const tool = start(db)
    await until(db, COPIED)
    const tables = [`repack.log_${other.identity.split('/')[0]}`]
    expect(await target.engine.sessionsOn(session, 'public', tables)).toEqual([])
    await target.engine.removeLeftovers(session, other, { triggers: ['repack_trigger'], tables }, LIMITS)
    await holder.query('ROLLBACK')
    expect(await tool.ended).toBe(0)
  })
})

async function manyRows(db: TestDatabase): Promise<void> {
  await db.query(`
    INSERT INTO users (id, email, team, note) SELECT 1000000 + g, 'more' || g, 1, repeat('z', 200) FROM generate_series(1, 200000) g;
    INSERT INTO mirror SELECT id, email, team, n, note FROM users WHERE id > 1000000;
    ANALYZE users`)
}

/** The tool itself, without Phasegate. */
function start(db: TestDatabase): { readonly pid: number; readonly ended: Promise<number | null> } {
  const { hostname, port, username, password } = new URL(db.url)
  const child = spawn(
    '/usr/lib/postgresql/15/bin/pg_repack',
    ['--table=public.users', '--no-kill-backend', '-d', db.name],
    {
      env: { PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password },
      stdio: 'ignore',
    },
  )
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  atTestEnd(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { pid: child.pid!, ended }
}

import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createProject } from '../support/project.js'
import { runCli, startCli } from '../support/run-cli.js'
import { describeWithPgRepack, type TestDatabase } from '../support/servers.js'
import { PASSWORD } from '../support/start-postgres.js'
import {
  assertNothingLeft,
  assertNothingLost,
  COPIED,
  identityOf,
  repackDatabase,
  shapeOf,
  startWriting,
  until,
} from './repack-setup.js'

interface Sizes {
  readonly table: number
  readonly indexes: number
  readonly total: number
}

const env = (db: TestDatabase): Record<string, string> => ({ DATABASE_URL: db.url })

/** Somebody who opened a transaction and went for lunch. */
async function holdTransaction(
  db: TestDatabase,
  statement: string,
): Promise<{ readonly pid: number; end(): Promise<void> }> {
  const client = await db.connect()
  await client.query('BEGIN')
  await client.query(statement)
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return { pid: rows[0]!.pid, end: async () => void (await client.query('ROLLBACK')) }
}

describeWithPgRepack('pg_repack', (server) => {
  test('a table is written anew beside traffic: smaller, every row and everything on it as it was', async () => {
    const db = await repackDatabase(server)
    const [shape, file] = [await shapeOf(db), await identityOf(db)]
    const traffic = await startWriting(db)
    const result = await runCli(createProject(), ['repack', 'users', '--json'], { env: env(db) })
    const { reads, writes } = await traffic.stop()

    expect(result.code, result.stderr).toBe(0)
    expect([...reads.errors, ...writes.errors]).toEqual([])
    expect(writes.count).toBeGreaterThan(50)
    // Each try for the exclusive lock waits for a second at most.
    expect(Math.max(reads.max, writes.max)).toBeLessThan(1500)
    expect(await identityOf(db)).not.toBe(file)
    expect(await shapeOf(db)).toEqual(shape)
    await assertNothingLost(db)
    await assertNothingLeft(db)

    const { before, after, table } = result.json<{ before: Sizes; after: Sizes; table: string }>()
    expect(table).toBe('public.users')
    expect(after.total).toBeLessThan(before.total * 0.75)
    expect(before.table + before.indexes).toBe(before.total)
    const [row] = await db.query<{ bytes: string }>(`SELECT pg_total_relation_size('users') AS bytes`)
    expect(Math.abs(Number(row!.bytes) - after.total)).toBeLessThan(1_000_000)
  })

  test('a dry run shows what would be asked and run, and starts nothing', async () => {
    const db = await repackDatabase(server)
    const file = await identityOf(db)
    const result = await runCli(createProject(), ['repack', 'public.users', '--dry-run'], { env: env(db) })
    expect(result.code, result.stderr).toBe(0)
    expect(result.stdout).toMatch(/pg_repack '--table="public"\."users"' --no-kill-backend .*--no-password/)
    expect(result.stderr).toMatch(/key users_pkey/)
    expect(result.stderr).toMatch(/takes up to [\d.]+ MiB on the server's disk; [\d.]+ GiB are free/)
    expect(await identityOf(db)).toBe(file)
    expect(await db.query(`SELECT to_regnamespace('phasegate') AS journal`)).toEqual([{ journal: null }])
  })

  test('the password is only in a file of its owner, and the tool gets nothing else of the environment', async () => {
    const db = await repackDatabase(server)
    const holder = await holdTransaction(db, 'SELECT pg_current_xact_id()')
    const cli = startCli(createProject(), ['repack', 'users', '-v'], { env: { ...env(db), OTHER_SECRET: PASSWORD } })
    await until(db, COPIED)
    const { pid } = /process (?<pid>\d+)/.exec(cli.stderr())!.groups!
    const processFile = (name: string): string => readFileSync(`/proc/${pid}/${name}`, 'utf8')
    expect(processFile('cmdline')).toContain('pg_repack')
    expect(processFile('cmdline')).not.toContain(PASSWORD)
    expect(processFile('environ')).not.toContain(PASSWORD)
    const directory = /PGPASSFILE=(?<file>[^\0]+)\/pgpass/.exec(processFile('environ'))!.groups!.file!
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(directory)) {
      expect(statSync(join(directory, name)).mode & 0o777, name).toBe(0o600)
      expect(readFileSync(join(directory, name), 'utf8').includes(PASSWORD), name).toBe(name === 'pgpass')
    }
    const [journal] = await db.query<{ text: string }>(`SELECT string_agg(e::text, '') AS text FROM phasegate.event e`)
    expect(journal!.text).toContain('engine.run')
    expect(journal!.text).not.toContain(PASSWORD)
    await holder.end()
    const { code, stdout, stderr } = await cli.ended
    expect(code, stderr).toBe(0)
    expect(stdout + stderr).not.toContain(PASSWORD)
    expect(() => statSync(directory)).toThrow(/ENOENT/)
  })

  test('a transaction that is older than the copy is waited for and named; without it the run goes on', async () => {
    const db = await repackDatabase(server)
    const holder = await holdTransaction(db, 'SELECT pg_current_xact_id()')
    const cli = startCli(createProject(), ['repack', 'users', '--json'], { env: env(db) })
    await cli.waitFor(
      new RegExp(
        `waits for transactions that are older than its copy; .*session ${holder.pid} \\(test, idle in transaction`,
      ),
    )
    const [file, states] = [await identityOf(db), cli.stderr()]
    expect(states).toMatch(/"state":"catching up"/)
    await holder.end()
    const { code, stderr } = await cli.ended
    expect(code, stderr).toBe(0)
    expect(await identityOf(db)).not.toBe(file)
    await assertNothingLeft(db)
  })

  test('where it does not get its lock the table is skipped, which is a failure, and who holds it is left alone', async () => {
    const db = await repackDatabase(server)
    const file = await identityOf(db)
    const holder = await holdTransaction(db, 'LOCK TABLE users IN ACCESS SHARE MODE')
    const project = createProject({
      'phasegate.config.mjs': `export default { engines: { pg_repack: { arguments: ['--wait-timeout=2'] } } }`,
    })
    const result = await runCli(project, ['repack', 'users', '--json'], { env: env(db) })
    expect(result.code).toBe(9)
    const { error } = result.json<{ error: { code: string; why: string } }>()
    expect(error).toMatchObject({
      code: 'ENGINE.FAILED',
      why: expect.stringMatching(/Skipping repack public\.users due to timeout/),
    })
    // It was neither cancelled nor ended.
    await holder.end()
    expect(await identityOf(db)).toBe(file)
    await assertNothingLeft(db)
  })

  test.each([
    ['the extension is missing', 'DROP EXTENSION pg_repack', /CREATE EXTENSION pg_repack/],
    [
      'the extension is of another version',
      `UPDATE pg_extension SET extversion = '1.4.7' WHERE extname = 'pg_repack'`,
      /is 1\.4\.7 in this database and the client here is 1\.4\.8.*DROP EXTENSION pg_repack; CREATE EXTENSION/,
    ],
    [
      'there is no key',
      'ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE, DROP CONSTRAINT users_email_key',
      /no key/,
    ],
    [
      'keys are partial, over expressions, or may be NULL',
      `ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE, DROP CONSTRAINT users_email_key, ALTER team DROP NOT NULL;
       CREATE UNIQUE INDEX ON users (id) WHERE n >= 0; CREATE UNIQUE INDEX ON users (lower(email)); CREATE UNIQUE INDEX ON users (team, id)`,
      /no key/,
    ],
    [
      'the table is unlogged',
      'DROP TABLE orders; ALTER TABLE users DROP CONSTRAINT users_team_fkey; ALTER TABLE users SET UNLOGGED',
      /unlogged/,
    ],
    [
      'the table is partitioned',
      'DROP TABLE users CASCADE; CREATE TABLE users (id int PRIMARY KEY) PARTITION BY RANGE (id)',
      /repack its partitions/,
    ],
    [
      'everything is published',
      'CREATE PUBLICATION everything FOR ALL TABLES',
      /Publication everything is FOR ALL TABLES/,
    ],
    [
      'an index is not valid',
      `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'users_team'::regclass`,
      /DROP INDEX CONCURRENTLY users_team/,
    ],
  ])('it is refused before anything is started where %s', async (_, sql, reason) => {
    const db = await repackDatabase(server)
    await db.query(sql)
    const result = await runCli(createProject(), ['repack', 'users', '--json'], { env: env(db) })
    expect(result.code, result.stderr).toBe(9)
    const { error } = result.json<{ error: { code: string; message: string } }>()
    expect(error).toMatchObject({ code: 'ENGINE.REFUSED', message: expect.stringMatching(reason) })
    expect(result.stderr).not.toContain('engine.started')
  })

  test('a partition is repacked by its own name', async () => {
    const db = await repackDatabase(server)
    await db.query(`CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
      CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000); INSERT INTO parts SELECT generate_series(0, 999)`)
    const file = await identityOf(db, 'parts_1')
    const result = await runCli(createProject(), ['repack', 'parts_1'], { env: env(db) })
    expect(result.code, result.stderr).toBe(0)
    expect(await identityOf(db, 'parts_1')).not.toBe(file)
    expect(await db.query('SELECT count(*)::int AS count FROM parts')).toEqual([{ count: 1000 }])
  })

  test('a role or database with timeouts does not cut it off', async () => {
    const db = await repackDatabase(server)
    await db.query(`ALTER DATABASE ${db.name} SET statement_timeout = '700ms'`)
    await db.query(`ALTER DATABASE ${db.name} SET idle_in_transaction_session_timeout = '300ms'`)
    const holder = await db.connect()
    await holder.query('SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0')
    await holder.query('BEGIN')
    await holder.query('SELECT pg_current_xact_id()')
    const cli = startCli(createProject(), ['repack', 'users'], { env: env(db) })
    await until(db, COPIED)
    await sleep(1500)
    await holder.query('ROLLBACK')
    const { code, stderr } = await cli.ended
    expect(code, stderr).toBe(0)
  })

  test('Ctrl-C stops the tool and leaves nothing', async () => {
    const db = await repackDatabase(server)
    const file = await identityOf(db)
    const holder = await holdTransaction(db, 'SELECT pg_current_xact_id()')
    const cli = startCli(createProject(), ['repack', 'users'], { env: env(db) })
    await until(db, COPIED)
    cli.kill('SIGINT')
    const { code, stderr } = await cli.ended
    expect(code, stderr).toBe(130)
    await assertNothingLeft(db)
    await holder.end()
    expect(await identityOf(db)).toBe(file)
    const again = await runCli(createProject(), ['repack', 'users'], { env: env(db) })
    expect(again.code, again.stderr).toBe(0)
  })

  test('two at once: the second one is told of the first and does nothing', async () => {
    const db = await repackDatabase(server)
    const holder = await holdTransaction(db, 'SELECT pg_current_xact_id()')
    const first = startCli(createProject(), ['repack', 'users'], { env: env(db) })
    await until(db, COPIED)
    const second = await runCli(createProject(), ['repack', 'users', '--json'], { env: env(db) })
    expect(second.code).toBe(6)
    expect(second.json<{ error: { code: string } }>().error.code).toBe('ENGINE.BUSY')
    await holder.end()
    expect((await first.ended).code).toBe(0)
  })

  test('doctor shows a repack whose supervisor was killed, and the same command goes on with it', async () => {
    const db = await repackDatabase(server)
    const holder = await holdTransaction(db, 'SELECT pg_current_xact_id()')
    const cli = startCli(createProject(), ['repack', 'users'], { env: env(db) })
    await until(db, COPIED)
    cli.kill('SIGKILL')
    await cli.ended
    const doctor = async (): Promise<string> => (await runCli(createProject(), ['doctor'], { env: env(db) })).stdout
    const seen = await doctor()
    expect(seen).toMatch(/pg_repack on public\.users outside of any migration, .*there of it: .*log_/)
    expect(seen).toContain('phasegate repack public.users goes on with it')
    await holder.end()
    const again = await runCli(createProject(), ['repack', 'public.users'], { env: env(db) })
    expect(again.code, again.stderr).toBe(0)
    expect(await doctor()).not.toContain('pg_repack on')
  })

  test('a tool that ends at once is told, and not started again and again', async () => {
    const db = await repackDatabase(server)
    const project = createProject({
      'repack.sh': '#!/bin/sh\n[ "$1" = --version ] && exec pg_repack --version\necho cannot begin >&2\nexit 22\n',
      'phasegate.config.ts': `import { defineConfig } from 'phasegate'
        export default defineConfig({ engines: { pg_repack: { path: './repack.sh' } } })`,
    })
    chmodSync(join(project.dir, 'repack.sh'), 0o755)
    const { code, stderr } = await runCli(project, ['repack', 'users'], { env: env(db) })
    expect(code, stderr).toBe(9)
    expect(stderr).toMatch(/ENGINE\.FAILED.*exit code 22.*cannot begin/s)
    expect(stderr.match(/starts on users/g)).toHaveLength(1)
    await assertNothingLeft(db)
  })

  test('what somebody else left is named and not touched', async () => {
    const db = await repackDatabase(server)
    const [row] = await db.query<{ oid: string }>(`SELECT 'users'::regclass::oid AS oid`)
    await db.query(`CREATE TABLE repack.log_${row!.oid} (id int)`)
    const result = await runCli(createProject(), ['repack', 'users', '--json'], { env: env(db) })
    expect(result.code).toBe(9)
    expect(result.json<{ error: object }>().error).toMatchObject({
      code: 'ENGINE.LEFTOVERS',
      message: expect.stringContaining(`repack.log_${row!.oid}`),
    })
    expect(await db.query(`SELECT count(*)::int AS count FROM repack.log_${row!.oid}`)).toEqual([{ count: 0 }])
  })
})

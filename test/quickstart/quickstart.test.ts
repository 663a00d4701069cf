import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTraffic } from '../support/live-traffic.js'
import { createProject, type Project } from '../support/project.js'
import { type CliResult, runCli } from '../support/run-cli.js'
import { createDatabase, describeOnPostgres, startPrivateServer, type TestDatabase } from '../support/servers.js'
import type { RunningPostgres } from '../support/start-postgres.js'
import { watchExclusiveLocks } from './exclusive-locks.js'
import { SCAN_LOG_SETTINGS, scannedStatements } from './scanned-statements.js'

const EXAMPLE = fileURLToPath(new URL('../../examples/quickstart/', import.meta.url))
const MIGRATION = '20261122093000_email_verified'
const ROWS = 1_000_000
/** Default of the runner, in ms. */
const LOCK_TIMEOUT = 800
/** What a statement may take beside a lock on two shared cores, in ms. */
const MARGIN = 700

/** The article's own text. */
const ARTICLE = `-- Phase 1: EXPAND (deploy-safe)
-- Add new column, nullable
ALTER TABLE users ADD COLUMN email_verified BOOLEAN;

-- Phase 2: MIGRATE (background job)
-- Backfill data
UPDATE users SET email_verified = (verified_at IS NOT NULL)
WHERE email_verified IS NULL;

-- Phase 3: CONTRACT (after all code uses new column)
-- Add constraint
ALTER TABLE users ALTER COLUMN email_verified SET DEFAULT FALSE;
ALTER TABLE users ALTER COLUMN email_verified SET NOT NULL;

-- Drop old column (if applicable)
ALTER TABLE users DROP COLUMN verified_at;
`

describeOnPostgres(18, 'examples/quickstart', () => {
  let server: RunningPostgres

  // A server of our own for its log: DEBUG1 is where PostgreSQL says that a statement scans a table.
  beforeAll(async () => {
    server = await startPrivateServer({ settings: SCAN_LOG_SETTINGS })
  })
  afterAll(() => server.stop())

  test('the migration is the SQL of the article, word for word', () => {
    expect(readFileSync(join(EXAMPLE, 'phasegate', `${MIGRATION}.sql`), 'utf8')).toBe(ARTICLE)
  })

  test('the log shows a scan under an exclusive lock where there is one', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE users (id int PRIMARY KEY, email_verified boolean)')
    await db.query('ALTER TABLE users ALTER COLUMN email_verified SET NOT NULL')
    expect(scannedStatements(server.log(), db.name, 'users')).toEqual([
      'ALTER TABLE users ALTER COLUMN email_verified SET NOT NULL',
    ])
  })

  test('it goes from init to contract on a million rows, and neither readers nor writers wait', async () => {
    const db = await createDatabase(server)
    await fill(db)
    const project = createProject()
    for (const file of ['phasegate.config.ts', 'phasegate']) {
      cpSync(join(EXAMPLE, file), join(project.dir, file), { recursive: true })
    }
    const phasegate = (...args: string[]): Promise<CliResult> => run(project, db, args)

    await expectExit(0, phasegate('init'))
    await expectExit(0, phasegate('check'))
    await expectExit(0, phasegate('plan'))

    const both = await startTraffic({
      db,
      read: (client, round) => client.query('SELECT id, verified_at FROM users WHERE id = $1', [idOf(round)]),
      write: (client, round) =>
        client.query('UPDATE users SET verified_at = $2 WHERE id = $1', [idOf(round), someTime(round)]),
    })
    await expectExit(0, phasegate('expand'))
    await both.stop().then(expectNobodyWaited)

    // Without `sync` the release that knows the new column has to write both, from before the backfill on.
    const filling = await startTraffic({
      db,
      read: (client, round) => client.query('SELECT id, verified_at FROM users WHERE id = $1', [idOf(round)]),
      write: (client, round) =>
        client.query(
          'UPDATE users SET verified_at = $2::timestamptz, email_verified = $2::timestamptz IS NOT NULL WHERE id = $1',
          [idOf(round), someTime(round)],
        ),
    })
    await expectExit(0, phasegate('backfill'))
    await filling.stop().then(expectNobodyWaited)
    expect(
      await db.query('SELECT FROM users WHERE email_verified IS DISTINCT FROM (verified_at IS NOT NULL)'),
    ).toHaveLength(0)
    const [verified] = await db.query('SELECT count(*) FROM users WHERE email_verified AND id % 7 <> 0')

    await expectExit(3, phasegate('contract', '--confirm', db.name))
    await expectExit(0, phasegate('approve', 'email_verified:contract', '--reason', 'nothing uses verified_at'))
    const [locks, contracting] = await Promise.all([
      watchExclusiveLocks(db.url, 'users'),
      startTraffic({
        db,
        read: (client, round) => client.query('SELECT id, email_verified FROM users WHERE id = $1', [idOf(round)]),
        write: (client, round) =>
          client.query('UPDATE users SET email_verified = $2 WHERE id = $1', [idOf(round), round % 2 === 0]),
      }),
    ])
    await expectExit(0, phasegate('contract', '--confirm', db.name))
    const traffic = await contracting.stop()
    const { longest } = await locks.stop()
    expectNobodyWaited(traffic)
    expect(longest, 'ms that an exclusive lock was seen held').toBeLessThan(LOCK_TIMEOUT)

    // SET NOT NULL became four steps, and the only one that reads the table lets everybody work beside it.
    const steps = await db.query<{ statement: string }>(
      `SELECT statement FROM phasegate.step
       WHERE migration = $1 AND phase = 'contract' AND written ~ 'SET NOT NULL' ORDER BY position`,
      [MIGRATION],
    )
    expect(steps.map((step) => step.statement)).toEqual([
      expect.stringMatching(/ADD CONSTRAINT \S+ CHECK \(.*email_verified"? IS NOT NULL\) NOT VALID/),
      expect.stringMatching(/VALIDATE CONSTRAINT/),
      expect.stringMatching(/ALTER COLUMN "?email_verified"? SET NOT NULL/),
      expect.stringMatching(/DROP CONSTRAINT/),
    ])
    expect(scannedStatements(server.log(), db.name, 'users')).toEqual([
      expect.stringMatching(/^ALTER TABLE .* VALIDATE CONSTRAINT/),
    ])

    expect(
      await db.query(
        `SELECT attname, attnotnull, pg_get_expr(adbin, adrelid) AS "default"
         FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
         WHERE attrelid = 'users'::regclass AND attname IN ('email_verified', 'verified_at')`,
      ),
    ).toEqual([{ attname: 'email_verified', attnotnull: true, default: 'false' }])
    // The traffic wrote to every seventh user.
    expect(await db.query('SELECT count(*) FROM users WHERE email_verified AND id % 7 <> 0')).toEqual([verified])
    expect(await db.query("SELECT FROM pg_constraint WHERE conrelid = 'users'::regclass AND contype = 'c'")).toEqual([])
  }, 300_000)
})

async function fill(db: TestDatabase): Promise<void> {
  await db.query(`CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL, verified_at timestamptz)`)
  await db.query(
    `INSERT INTO users (email, verified_at)
     SELECT 'user' || n || '@example.org', CASE WHEN n % 3 = 0 THEN timestamptz '2026-01-01' + n * interval '1 s' END
     FROM generate_series(1, $1::int) AS n`,
    [ROWS],
  )
  await db.query('ANALYZE users')
}

/** All over the table, every seventh user. */
function idOf(round: number): number {
  return 7 * (1 + ((round * 7919) % Math.floor(ROWS / 7)))
}

function someTime(round: number): string | null {
  return round % 2 === 0 ? '2026-11-22T09:30:00Z' : null
}

function run(project: Project, db: TestDatabase, args: readonly string[]): Promise<CliResult> {
  const env = { DATABASE_URL: db.url, PHASEGATE_CONTRACT_ANNOUNCE: '500ms' }
  return runCli(project, args, { env, timeout: 180_000 })
}

async function expectExit(code: number, running: Promise<CliResult>): Promise<void> {
  const result = await running
  expect(result.code, `${result.stdout}\n${result.stderr}`).toBe(code)
}

function expectNobodyWaited({ reads, writes }: Awaited<ReturnType<Awaited<ReturnType<typeof startTraffic>>['stop']>>) {
  expect([...new Set([...reads.errors, ...writes.errors].map((error) => error.message))]).toEqual([])
  expect(reads.count).toBeGreaterThan(50)
  expect(writes.count).toBeGreaterThan(50)
  expect(Math.max(reads.max, writes.max), 'ms that the slowest query took').toBeLessThan(LOCK_TIMEOUT + MARGIN)
}

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type LiveTraffic, startTraffic } from '../support/live-traffic.js'
import { createProject } from '../support/project.js'
import { type AnyDatabase, createDatabase, describeOnEveryMysql } from '../support/servers.js'
import { countOf, wordsOf } from '../support/sql-words.js'
import { inProcess, library } from './library.js'
import { said, verbsOn } from './verbs.js'

/** MySQL and MariaDB count whole seconds, so that this is the shortest there is. */
const LOCK_TIMEOUT = 1000
/** What a query may take beside a lock, on two cores that also run everything else. */
const MARGIN = 800
const ROWS = 20_000

/** Each a migration of its own, so that a failure names the operation. */
const EXPANDS: Readonly<Record<string, string>> = {
  add_column: `ops.addColumn('users', 'note', 'varchar(40)')`,
  add_default: `ops.addColumn('users', 'locale', 'varchar(10)', { default: 'en', notNull: true })`,
  create_index: `ops.createIndex('users', ['plan', 'email'], { name: 'users_plan_email' })`,
  add_unique: `allow('PHASE.TIGHTENS', 'it is unique', ops.addUnique('users', ['email'], { name: 'users_mail' }))`,
  add_foreign_key: `allow('PHASE.TIGHTENS', 'they are there', ops.addForeignKey('users', ['team'], { table: 'teams', columns: ['id'] }))`,
  create_table: `ops.createTable('posts', (t) => { t.increments('id'); t.integer('author').references('id').inTable('users') })`,
  raw_sql: 'sql`ALTER TABLE users ADD COLUMN one int, ADD COLUMN two int`',
}

const CONTRACTS: Readonly<Record<string, string>> = {
  set_not_null: `ops.setNotNull('users', 'plan')`,
  set_default: `ops.setDefault('users', 'plan', 'basic')`,
  drop_default: `ops.dropDefault('users', 'plan')`,
  drop_not_null: `ops.dropNotNull('users', 'plan')`,
  drop_index: `ops.dropIndex('users_old', { table: 'users' })`,
  drop_constraint: `ops.dropConstraint('users', 'users_small')`,
  drop_column: `ops.dropColumn('users', 'old')`,
  drop_table: `ops.dropTable('leaves')`,
}

const FILL = `
  expand: ({ ops }) => [ops.addColumn('users', 'email_verified', 'boolean')],
  sync: { table: 'users', forward: { email_verified: sql\`verified_at IS NOT NULL\` } },
  backfill: {
    table: 'users',
    set: { email_verified: sql\`verified_at IS NOT NULL\` },
    where: sql\`email_verified IS NULL\`,
  },`

const stamped = (at: number, slug: string): string => `2026112209${String(at).padStart(4, '0')}_${slug}`
const migration = (body: string): string =>
  `import { allow, defineMigration, sql } from 'phasegate'\nexport default defineMigration({ appUses: 'new', ${body} })\n`

const FILES = Object.fromEntries([
  ...Object.entries(EXPANDS).map(([slug, write], at) => [
    `phasegate/${stamped(at, slug)}.ts`,
    migration(`expand: ({ ops }) => [${write}]`),
  ]),
  [`phasegate/${stamped(50, 'fill')}.ts`, migration(FILL)],
  ...Object.entries(CONTRACTS).map(([slug, write], at) => [
    `phasegate/${stamped(at + 10, slug)}.ts`,
    migration(`contract: ({ ops }) => [${write}]`),
  ]),
])

/**
 * Transactions that have read the table and stay open, one after the other: some shorter than the lock timeout, some
 * longer, so that a change finds one in its way at its beginning, and another at its end.
 */
async function keepReading(db: AnyDatabase, isOver: () => boolean): Promise<void> {
  const reader = await db.open()
  for (let round = 0; !isOver(); round++) {
    await reader.query('START TRANSACTION')
    await reader.query('SELECT id FROM users WHERE id = 7')
    await sleep([300, 700, 1500][round % 3])
    await reader.query('COMMIT')
    await sleep(250)
  }
  await reader.close()
}

describeOnEveryMysql('live traffic', (server) => {
  const { numbers } = wordsOf(server)

  test('waits for no operation longer than the lock timeout, and never fails', async () => {
    const db = await createDatabase(server)
    await db.query(`
      CREATE TABLE teams (id int PRIMARY KEY);
      CREATE TABLE leaves (id int PRIMARY KEY);
      CREATE TABLE users (id int PRIMARY KEY, email varchar(100) NOT NULL, team int, old int, plan varchar(20) DEFAULT 'free',
        verified_at datetime(6), seen int NOT NULL DEFAULT 0, INDEX users_old (old), CONSTRAINT users_small CHECK (old < 100));
      INSERT INTO teams SELECT g FROM ${numbers(10)};
      INSERT INTO users (id, email, team, old, plan, verified_at)
        SELECT g, concat('u', g), 1 + g % 10, 1, 'free', IF(g % 3, NULL, '2026-01-01') FROM ${numbers(ROWS)}`)
    const project = createProject(FILES)
    const run = verbsOn(project, db, {
      env: { PHASEGATE_LOCK_TIMEOUT: `${LOCK_TIMEOUT}ms`, PHASEGATE_RETRIES: '60', PHASEGATE_RETRY_FOR: '90s' },
    })
    const idOf = (round: number): number => 1 + ((round * 7919) % ROWS)
    const traffic = await startTraffic({
      db,
      read: (client, round) => client.query('SELECT id, email, plan FROM users WHERE id = ?', [idOf(round)]),
      write: (client, round) => client.query('UPDATE users SET seen = seen + 1 WHERE id = ?', [idOf(round)]),
    })
    let over = false
    const reading = keepReading(db, () => over)
    const done: string[] = []

    for (const slug of [...Object.keys(EXPANDS), 'fill']) {
      const result = await run('expand', slug)
      expect(result.code, `${slug}\n${said(result)}`).toBe(0)
      done.push(expectNobodyWaited(slug, traffic))
    }
    const backfill = await run('backfill')
    expect(backfill.code, said(backfill)).toBe(0)
    done.push(expectNobodyWaited('backfill', traffic))
    for (const slug of Object.keys(CONTRACTS)) {
      await library.runApprove({ ...inProcess(project, db), unit: `${slug}:contract`, reason: 'test' })
      traffic.reset()
      const result = await run('contract', slug, '--confirm', db.name)
      expect(result.code, `${slug}\n${said(result)}`).toBe(0)
      done.push(expectNobodyWaited(slug, traffic))
    }

    over = true
    await reading
    await traffic.stop()
    console.log(`longest waits of the traffic, ms: ${done.join(', ')}`)
    expect(await countOf(db, 'users WHERE email_verified <> (verified_at IS NOT NULL)')).toBe(0)
  }, 400_000)
})

function expectNobodyWaited(during: string, traffic: LiveTraffic): string {
  const { reads, writes } = traffic.report()
  traffic.reset()
  expect([...reads.errors, ...writes.errors], during).toEqual([])
  const longest = Math.max(reads.max, writes.max)
  expect(longest, `${during} made somebody wait`).toBeLessThan(LOCK_TIMEOUT + MARGIN)
  return `${during} ${Math.round(longest)}`
}

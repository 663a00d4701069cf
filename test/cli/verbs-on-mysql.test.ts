import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createProject, type Project } from '../support/project.js'
import { type CliResult, runCli } from '../support/run-cli.js'
import { createDatabase, describeOnEveryMysql, type MysqlDatabase } from '../support/servers.js'

const MIGRATION = '20261122093000_email_verified'
const CONTRACT = 'email_verified:contract'

/** The guide's migration; `appUses` is what the code of the checkout does. */
const emailVerified = (appUses: string): string => `
import { defineMigration, sql } from 'phasegate'
export default defineMigration({
  appUses: '${appUses}',
  expand: ({ schema }) => [schema.alterTable('users', (t) => t.boolean('email_verified'))],
  sync: {
    table: 'users',
    forward: { email_verified: sql\`verified_at IS NOT NULL\` },
    backward: { verified_at: sql\`CASE WHEN email_verified THEN coalesce(verified_at, now()) END\` },
  },
  backfill: {
    table: 'users',
    set: { email_verified: sql\`verified_at IS NOT NULL\` },
    where: sql\`email_verified IS NULL\`,
  },
  contract: ({ ops }) => [
    ops.setDefault('users', 'email_verified', false),
    ops.setNotNull('users', 'email_verified'),
    ops.dropColumn('users', 'verified_at'),
  ],
})
`

async function fill(db: MysqlDatabase): Promise<void> {
  await db.query('CREATE TABLE users (id bigint PRIMARY KEY, verified_at timestamp(6) NULL) ENGINE=InnoDB')
  const rows = Array.from({ length: 100 }, (_, n) => `(${n}, ${n % 3 === 0 ? "'2026-01-01 00:00:00'" : 'NULL'})`)
  await db.query(`INSERT INTO users VALUES ${rows.join(', ')}`)
}

describeOnEveryMysql('the verbs on a MySQL URL', (server) => {
  test('the guide from init to the end of contract', async () => {
    const db = await createDatabase(server)
    await fill(db)
    const project = createProject({ [`phasegate/${MIGRATION}.ts`]: emailVerified('both') })
    const run = verbs(project, db.url)

    expect(await run(0, 'init')).toContain('phasegate.config.ts')
    await run(0, 'check')
    await run(0, 'check', '--database', db.url)
    expect(await run(0, 'plan', '--out', 'plan.json')).toMatch(/ADD COLUMN email_verified boolean, ALGORITHM=INSTANT/)
    expect(await run(0, 'doctor')).toMatch(/none yet; the first expand creates it/)
    await run(2, 'pause') // no journal yet
    await run(0, 'expand', '--plan', 'plan.json')
    expect(await run(0, 'expand')).toContain('nothing to do')
    await run(0, 'wait', '--for', 'email_verified:expand')
    expect(await run(4, 'status', '--check', '--all')).toMatch(/applied +pending +pending/)

    await run(0, 'pause', '--reason', 'replica lag')
    expect(await run(0, 'status')).toContain('every backfill is held')
    await run(0, 'resume')
    await run(0, 'backfill')
    expect(await db.query('SELECT id FROM users WHERE NOT email_verified <=> (verified_at IS NOT NULL)')).toEqual([])
    await run(2, 'cancel', 'email_verified') // it is done
    expect(await run(0, 'verify')).toContain('old and new agree')
    await db.query('UPDATE users SET email_verified = NULL WHERE id = 7')
    expect(await run(9, 'verify')).toMatch(/1 rows differ, for example keys 7/)
    await db.query('UPDATE users SET email_verified = false WHERE id = 7')

    await run(0, 'manifest', '--app', 'api', '--build', 'both', '--out', 'both.json')
    await run(0, 'fits', '--manifest', 'both.json')
    expect(await run(3, 'contract', '--confirm', db.name)).toMatch(/appUsesNew closed/)
    project.write(`phasegate/${MIGRATION}.ts`, emailVerified('new'))
    await run(0, 'approve', CONTRACT, '--reason', "it's only a test")
    await run(0, 'revoke', CONTRACT, '--reason', 'not yet')
    expect(await run(3, 'gate', CONTRACT)).toMatch(/closed +approval/)
    await run(0, 'override', CONTRACT, '--gate', 'approval', '--reason', 'tested')
    await run(0, 'wait', '--for', `gate:${CONTRACT}`, '--timeout', '20s')
    await run(10, 'contract')
    await run(0, 'contract', '--confirm', db.name)
    await run(5, 'fits', '--manifest', 'both.json')
    await run(5, 'revert', 'email_verified', '--confirm', db.name)
    expect(
      await db.query(
        `SELECT is_nullable AS nullable, column_default AS given FROM information_schema.columns
         WHERE table_schema = database() AND table_name = 'users' AND column_name <> 'id'`,
      ),
    ).toEqual([{ nullable: 'NO', given: '0' }])
    expect(await db.query('SHOW TRIGGERS')).toEqual([])
  }, 180_000)

  test('a unit that failed goes on where it stopped, a revert undoes it, and up --reset empties the database', async () => {
    const db = await createDatabase(server)
    await fill(db)
    const project = createProject()
    const run = verbs(project, db.url)
    await run(0, 'new', 'note', '--sql')
    const created = await run(0, 'new', 'note two', '--sql', '--json')
    const file = JSON.parse(created.slice(created.indexOf('{'))).file as string
    for (const line of ['-- phase: expand', '-- ALTER TABLE users ADD COLUMN'])
      expect(readFileSync(join(project.dir, file), 'utf8')).toContain(line)
    expect(await run(8, 'check')).toContain('MIGRATION.EMPTY')

    const wrong = '-- phase: expand\nALTER TABLE users ADD COLUMN note text;\nALTER TABLE users ADD COLUMN id int;\n'
    const other = createProject({ 'phasegate/20270101000000_note.sql': wrong })
    const there = verbs(other, db.url)
    expect(await there(9, 'expand')).toMatch(/DATABASE\.STATEMENT[\s\S]*Duplicate column name 'id'/)
    expect(await there(0, 'doctor')).toMatch(/to be resumed: 20270101000000_note:expand \(failed\)/)
    other.write('phasegate/20270101000000_note.sql', wrong.replace('id int', 'two int'))
    await there(0, 'expand')
    await there(10, 'revert', 'note')
    await there(0, 'revert', 'note', '--confirm', db.name)
    expect(await db.query("SHOW COLUMNS FROM users WHERE Field IN ('note', 'two')")).toEqual([])
    await there(10, 'up', '--reset')
    const people = '-- phase: expand\nCREATE TABLE people (id int PRIMARY KEY);\n'
    other.write('phasegate/20270101000000_note.sql', people)
    await runCli(other, ['up', '--reset'], { env: { DATABASE_URL: db.url, PHASEGATE_DISPOSABLE: '1' } })
    expect(
      await db.query(
        `SELECT table_name AS name FROM information_schema.tables
         WHERE table_schema = database() AND table_name NOT LIKE 'phasegate%'`,
      ),
    ).toEqual([{ name: 'people' }])
  }, 120_000)
})

/** Runs a verb that must end with this code; gives both outputs. */
function verbs(project: Project, url: string): (code: number, ...args: readonly string[]) => Promise<string> {
  return async (code, ...args) => {
    const env = { DATABASE_URL: url, PHASEGATE_CONTRACT_ANNOUNCE: '0ms' }
    const result: CliResult = await runCli(project, args, { env })
    expect(result.code, `phasegate ${args.join(' ')}\n${result.stdout}\n${result.stderr}`).toBe(code)
    return result.stdout + result.stderr
  }
}

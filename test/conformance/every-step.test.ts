import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { processesIn } from '../support/mysql-processes.js'
import { createProject } from '../support/project.js'
import { runCli, startCli } from '../support/run-cli.js'
import { type AnyDatabase, describeOnEveryServer } from '../support/servers.js'
import { countOf, type SqlWords, shapeOf, wordsOf } from '../support/sql-words.js'
import { NEW_BUILD, OLD_BUILD, usersDatabase } from './reference-migration.js'
import { environment, said, verbsOn } from './verbs.js'

const NAME = '20261122093000_every_step'
const DIES = fileURLToPath(new URL('./run-and-die.mjs', import.meta.url))

/** Several steps a phase; `log` is not idempotent, so that a step which runs twice shows. */
const migration = ({ now }: SqlWords): string => `
import { allow, defineMigration, sql } from 'phasegate'
const log = (what) => allow('PHASE.WRITES', 'this test counts its steps', sql\`INSERT INTO log (what) VALUES (\${what})\`)
export default defineMigration({
  appUses: 'new',
  expand: ({ ops }) => [
    log('expand 1'),
    ops.addColumn('users', 'email_verified', 'boolean'),
    ops.addColumn('users', 'locale', 'varchar(10)', { default: 'en', notNull: true }),
    log('expand 2'),
    ops.createIndex('users', ['email_verified'], { name: 'users_by_verified' }),
    ops.createIndex('users', ['email', 'locale'], { name: 'users_by_email' }),
  ],
  sync: {
    table: 'users',
    forward: { email_verified: sql\`verified_at IS NOT NULL\` },
    backward: { verified_at: sql\`CASE WHEN email_verified THEN coalesce(verified_at, ${now}) END\` },
  },
  backfill: {
    table: 'users',
    set: { email_verified: sql\`verified_at IS NOT NULL\` },
    where: sql\`email_verified IS NULL\`,
    batch: { size: 100 },
  },
  contract: ({ ops }) => [
    log('contract 1'),
    ops.setDefault('users', 'email_verified', false),
    ops.setNotNull('users', 'email_verified'),
    ops.dropIndex('users_by_email', { table: 'users' }),
    ops.dropColumn('users', 'verified_at'),
    log('contract 2'),
  ],
})
`

describeOnEveryServer('a runner that is killed', (server) => {
  const words = wordsOf(server)
  const logTable = (db: AnyDatabase) => db.query('CREATE TABLE log (what varchar(40) NOT NULL)')

  test('after every single step goes on with the same command, does nothing twice, and both builds work', async () => {
    const db = await usersDatabase(server, 300)
    await logTable(db)
    const project = createProject({ [`phasegate/${NAME}.ts`]: migration(words) })
    const run = verbsOn(project, db)
    let id = 9000
    const kills = { expand: 0, backfill: 0, contract: 0 }

    await OLD_BUILD.work(db, ++id)
    for (const verb of ['expand', 'backfill', 'contract'] as const) {
      if (verb === 'contract') expect((await run('approve', 'every_step:contract', '--reason', 'test')).code).toBe(0)
      for (let over = false; !over; ) {
        const result = await runCli(project, [verb, db.name], { bin: DIES, env: environment(db), timeout: 120_000 })
        over = result.signal === null
        if (over) expect(result.code, said(result)).toBe(0)
        else expect(++kills[verb], said(result)).toBeLessThan(40)
        if (verb !== 'contract') await OLD_BUILD.work(db, ++id)
        if (verb !== 'expand' || over) await NEW_BUILD.work(db, ++id)
      }
    }

    expect(kills.expand).toBeGreaterThanOrEqual(6)
    expect(kills.backfill).toBeGreaterThanOrEqual(3)
    expect(kills.contract).toBeGreaterThanOrEqual(6)
    expect((await db.query('SELECT what FROM log ORDER BY what')).map(({ what }) => what)).toEqual([
      'contract 1',
      'contract 2',
      'expand 1',
      'expand 2',
    ])
    expect(await countOf(db, `users WHERE email_verified IS NULL OR locale <> 'en'`)).toBe(0)
    const shape = (await shapeOf(db)).join('\n')
    expect(shape).toContain('users_by_verified')
    expect(shape).not.toMatch(/verified_at|users_by_email\b|trigger|invalid/)
    expect(await countOf(db, `${words.journal('step')} WHERE state <> 'done'`)).toBe(0)
    expect(await countOf(db, `${words.journal('unit')} WHERE state <> 'applied'`)).toBe(0)
  }, 300_000)

  test.each([
    ['a statement', `ops.addColumn('users', 'extra', 'integer')`],
    ['an index', `ops.createIndex('users', ['email'], { name: 'users_extra' })`],
    ['a written row', `allow('PHASE.WRITES', 'test', sql\`INSERT INTO log (what) VALUES ('extra')\`)`],
  ])(
    'between %s and its journal row goes on with the same command, and does it once',
    async (_, step) => {
      const db = await usersDatabase(server, 300)
      await logTable(db)
      const project = createProject({
        [`phasegate/${NAME}.ts`]: `import { allow, defineMigration, sql } from 'phasegate'
        export default defineMigration({ expand: ({ ops }) => [${step}] })`,
      })
      const run = verbsOn(project, db)
      expect((await run('approve', 'every_step:expand', '--reason', 'makes the journal')).code).toBe(0)
      await stallJournal(db)
      const dying = startCli(project, ['expand'], { env: environment(db) })
      await stalled(db)
      dying.kill()
      await dying.ended
      await releaseJournal(db)

      const result = await run('expand')
      expect(result.code, said(result)).toBe(0)
      expect(await countOf(db, `${words.journal('step')} WHERE state <> 'done'`)).toBe(0)
      const done =
        (await shapeOf(db)).filter((line) => /\bextra\b|users_extra/.test(line)).length + (await countOf(db, 'log'))
      expect(done).toBe(1)
      expect((await db.query(`SELECT attempts FROM ${words.journal('unit')}`))[0]?.attempts).toBeGreaterThan(1)
    },
    120_000,
  )
})

const STALLS = {
  postgres: `
    CREATE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF NEW.state = 'done' THEN PERFORM pg_sleep(600); END IF; RETURN NEW; END $$;
    CREATE TRIGGER stall BEFORE UPDATE ON phasegate.step FOR EACH ROW EXECUTE FUNCTION stall()`,
  mysql: `CREATE TRIGGER stall BEFORE UPDATE ON phasegate_step FOR EACH ROW
    BEGIN IF NEW.state = 'done' THEN DO SLEEP(600); END IF; END`,
}

/** From now on the journal's word that a step is done takes ten minutes: time to kill whoever wants to write it. */
async function stallJournal(db: AnyDatabase): Promise<void> {
  await db.query(db.family === 'postgres' ? STALLS.postgres : STALLS.mysql)
}

async function stalled(db: AnyDatabase): Promise<void> {
  await expect.poll(async () => (await stalledSessions(db)).length, { timeout: 60_000, interval: 50 }).toBe(1)
}

/** Ends whoever waits there still, and lets the next through. */
async function releaseJournal(db: AnyDatabase): Promise<void> {
  for (const id of await stalledSessions(db)) {
    await db.query(db.family === 'postgres' ? `SELECT pg_terminate_backend(${id})` : `KILL ${id}`)
  }
  await expect.poll(async () => (await stalledSessions(db)).length, { timeout: 20_000 }).toBe(0)
  await db.query(db.family === 'postgres' ? 'DROP TRIGGER stall ON phasegate.step' : 'DROP TRIGGER stall')
}

async function stalledSessions(db: AnyDatabase): Promise<readonly number[]> {
  if (db.family !== 'postgres')
    return (await processesIn(db)).filter(({ State }) => State === 'User sleep').map(({ Id }) => Id)
  const rows = await db.query(
    `SELECT pid AS id FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`,
  )
  return rows.map(({ id }) => Number(id))
}

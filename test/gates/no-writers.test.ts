import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectMysql } from '@phasegate/mysql'
import { connectPostgres } from '@phasegate/postgres'
import { expect, test } from 'vitest'
import { applied, inProcess, library } from '../conformance/library.js'
import { NEW_BUILD, OLD_BUILD, REFERENCE, referenceProject, usersDatabase } from '../conformance/reference-migration.js'
import { type AnyDatabase, describeOnEveryServer } from '../support/servers.js'
import { wordsOf } from '../support/sql-words.js'

async function writersOf(db: AnyDatabase) {
  const target = await (db.family === 'postgres' ? connectPostgres : connectMysql)({ connection: db.url })
  try {
    const session = await target.openSession('gate')
    return await target.writersOf(session, { table: 'users', column: 'verified_at' })
  } finally {
    await target.close()
  }
}

/** Names of what counts: the table, and the triggers on the column's table. */
async function counting(db: AnyDatabase): Promise<readonly string[]> {
  const rows = await db.query<{ name: string }>(
    db.family === 'postgres'
      ? `SELECT tgname AS name FROM pg_trigger WHERE tgname LIKE 'phasegate\\_writes%' UNION ALL SELECT relname FROM pg_class WHERE relname LIKE 'phasegate\\_writes%' AND relkind = 'r'
         UNION ALL SELECT proname FROM pg_proc WHERE proname LIKE 'phasegate\\_writes%'`
      : `SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND TRIGGER_NAME LIKE 'phasegate\\_writes%'
         UNION ALL SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'phasegate\\_writes%'`,
  )
  return rows.map((row) => row.name)
}

describeOnEveryServer('a contract that waits until nobody writes its column', (server) => {
  test('is held while old code writes, and takes the counting away when it runs', async () => {
    const db = await usersDatabase(server, 30)
    const project = referenceProject(wordsOf(server))
    const file = `phasegate/${REFERENCE}.ts`
    project.write(
      file,
      readFileSync(join(project.dir, file), 'utf8')
        .replace('import { defineMigration, sql }', 'import { defineMigration, noWriters, sql }')
        .replace(
          "appUses: 'new',",
          "appUses: 'new',\n  countWriters: ['users.verified_at'],\n  gates: { contract: [noWriters('5s')] },",
        ),
    )
    const options = inProcess(project, db)
    const unit = { ...options, unit: 'email_verified:contract' }
    const gate = async () => (await library.runGate(unit))[0]!.checks.find((check) => check.name === 'noWriters(5s)')!

    await applied(library.runExpand(options))
    await applied(library.runBackfill(options))
    await library.runApprove({ ...unit, reason: 'test' })
    // Neither the backfill, nor new code, nor what sync writes back for it are writers.
    await NEW_BUILD.work(db, 1001)
    expect(await writersOf(db)).toEqual({ exists: true, counted: true, lastWrite: null, sessions: 0 })
    await expect.poll(async () => (await gate()).state, { timeout: 15_000, interval: 300 }).toBe('open')

    await OLD_BUILD.work(db, 1002)
    const seen = await writersOf(db)
    expect(seen).toMatchObject({ counted: true, lastWrite: expect.stringMatching(/Z$/) })
    expect(await gate()).toMatchObject({
      state: 'closed',
      reason: expect.stringContaining('users.verified_at: last written'),
    })
    expect(await library.runContract({ ...options, confirm: db.name })).toMatchObject({ exit: 3 })

    // An hour passes.
    const [table = ''] = (await counting(db)).filter((name) => !/_[iu]$/.test(name))
    await db.query(`UPDATE ${table} SET at = at - INTERVAL ${db.family === 'postgres' ? "'1 hour'" : '1 HOUR'}`)
    expect((await gate()).state).toBe('open')
    const [first] = await counting(db)
    expect(first).toMatch(/^phasegate_writes_users_/)

    if (db.family === 'postgres') {
      await db.query('ALTER TABLE users DISABLE TRIGGER USER')
      expect((await gate()).state, 'a disabled trigger counts nothing').toBe('unknown')
      await db.query('ALTER TABLE users ENABLE TRIGGER USER')
    }
    await applied(library.runContract({ ...options, confirm: db.name }))
    expect(await counting(db)).toEqual([])
    await db.query('UPDATE users SET email = email')
  }, 120_000)

  test('is one that an SQL file can ask for, too', async () => {
    const db = await usersDatabase(server, 30)
    const project = referenceProject(wordsOf(server), 'SQL')
    const file = `phasegate/${REFERENCE}.sql`
    const text = readFileSync(join(project.dir, file), 'utf8')
    project.write(file, `-- count-writers: users.verified_at\n${text}`)
    project.write(
      'phasegate.config.ts',
      `import { defineConfig, noWriters } from 'phasegate'\nexport default defineConfig({ gates: { contract: [noWriters('5s')] } })`,
    )
    const options = inProcess(project, db)
    await applied(library.runExpand(options))
    await applied(library.runBackfill(options))
    expect(await writersOf(db)).toEqual({ exists: true, counted: true, lastWrite: null, sessions: 0 })
    await OLD_BUILD.work(db, 1002)
    expect(await writersOf(db)).toMatchObject({ counted: true, lastWrite: expect.stringMatching(/Z$/) })
    await library.runApprove({ ...options, unit: 'email_verified:contract', reason: 'test' })
    expect(await library.runContract({ ...options, confirm: db.name })).toMatchObject({
      exit: 3,
      units: [{ reason: expect.stringContaining('users.verified_at: last written') }],
    })
    // An hour passes.
    const [table = ''] = (await counting(db)).filter((name) => !/_[iu]$/.test(name))
    await db.query(`UPDATE ${table} SET at = at - INTERVAL ${db.family === 'postgres' ? "'1 hour'" : '1 HOUR'}`)
    const gate = async () =>
      (await library.runGate({ ...options, unit: 'email_verified:contract' }))[0]!.checks.find(
        ({ name }) => name === 'noWriters(5s)',
      )
    await expect.poll(async () => (await gate())?.state, { timeout: 30_000, interval: 500 }).toBe('open')
    await applied(library.runContract({ ...options, confirm: db.name }))
    expect(await counting(db)).toEqual([])
  }, 120_000)

  test('a session leaves one row a minute, whatever it writes, and a revert takes the counting away', async () => {
    const db = await usersDatabase(server, 30)
    const project = referenceProject(wordsOf(server))
    const file = `phasegate/${REFERENCE}.ts`
    project.write(
      file,
      readFileSync(join(project.dir, file), 'utf8').replace(
        "appUses: 'new',",
        "appUses: 'both',\n  countWriters: ['users.verified_at'],",
      ),
    )
    const options = inProcess(project, db)
    await applied(library.runExpand(options))
    const app = await db.open()
    const [table = ''] = (await counting(db)).filter((name) => !/_[iu]$/.test(name))
    for (let n = 1; n <= 5; n++)
      await app.query(`UPDATE users SET verified_at = ${n % 2 === 0 ? 'NULL' : wordsOf(server).now}`)
    expect(await db.query(`SELECT COUNT(*) AS n FROM ${table}`)).toMatchObject([{ n: expect.anything() }])
    expect((await writersOf(db)).sessions).toBe(1)
    const [rows] = await db.query<{ n: number | string }>(`SELECT COUNT(*) AS n FROM ${table}`)
    expect(Number(rows?.n)).toBe(1)
    const leftovers = async () =>
      (await library.runDoctor(options)).findings.filter((one) => one.check === 'leftover writer count')
    expect(await leftovers()).toEqual([])
    const journal = db.family === 'postgres' ? 'phasegate.unit' : 'phasegate_unit'
    await db.query(`UPDATE ${journal} SET state = 'reverted' WHERE phase = 'expand'`)
    expect(await leftovers()).toMatchObject([{ state: 'warning' }])
    await db.query(`UPDATE ${journal} SET state = 'applied' WHERE phase = 'expand'`)
    expect(await library.runRevert({ ...options, migration: 'email_verified', confirm: db.name })).toMatchObject({
      exit: 0,
    })
    expect(await counting(db)).toEqual([])
  }, 120_000)
})

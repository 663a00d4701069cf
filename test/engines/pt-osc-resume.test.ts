import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Project } from '../support/project.js'
import { findPtOsc } from '../support/pt-osc.js'
import { type RunningCli, runCli, startCli } from '../support/run-cli.js'
import { type AnyDatabase, describeOnMysql, type SharedMysql } from '../support/servers.js'
import { assertNothingLost, ghostDatabase, startWriting } from './ghost-setup.js'
import { assertNothingLeft, oscProject, typeOfN } from './osc-setup.js'

const ROWS = 20_000
const LONG = ['expand', '--long', '--json']
const TIMEOUT = 120_000
const STARTED = /"type":"engine\.started".*?"how":"([^"]+)","pid":(\d+)/

const env = (db: AnyDatabase): Record<string, string> => ({ DATABASE_URL: db.url })

/** Rows that the tool has noted as copied, by the key of the last one; 0: none. */
async function noted(db: AnyDatabase): Promise<number> {
  const rows = await db.query('SELECT upper_boundary AS last FROM _users_osc').catch(() => [])
  return Math.max(0, ...rows.map(({ last }) => Number(last ?? 0)))
}

/** Starts the command, and kills the tool, or both, when it has gone so far beyond what was noted before. */
async function killMidway(db: AnyDatabase, project: Project, victim: 'tool' | 'both' = 'tool', beyond = 9000) {
  const before = await noted(db)
  const cli = startCli(project, LONG, { env: env(db), timeout: TIMEOUT })
  const started = await startOf(cli)
  for (const until = Date.now() + 30_000; (await noted(db)) < before + beyond; ) {
    if (Date.now() > until) throw new Error('it does not get on')
    await sleep(20)
  }
  process.kill(started.pid, 'SIGKILL')
  if (victim === 'both') cli.kill('SIGKILL')
  return { ...started, ...(await cli.ended) }
}

async function startOf(cli: RunningCli): Promise<{ readonly how: string; readonly pid: number }> {
  await cli.waitFor(STARTED, 60_000)
  const [, how = '', pid] = STARTED.exec(cli.stderr() + cli.stdout()) ?? []
  return { how, pid: Number(pid) }
}

async function finish(db: AnyDatabase, project: Project): Promise<string> {
  const result = await runCli(project, LONG, { env: env(db), timeout: TIMEOUT })
  expect(result.code, result.stderr + result.stdout).toBe(0)
  return STARTED.exec(result.stderr + result.stdout)?.[1] ?? ''
}

const directoryOf = async (db: AnyDatabase): Promise<string> => {
  const text = JSON.stringify(await db.query('SELECT * FROM phasegate_step'))
  return /(\/[^"\\]*\/phasegate-[0-9a-f]{4}-[^"\\/]+)/.exec(text)![1]!
}

function suite(server: SharedMysql, tool: string): void {
  test.each(['tool', 'both'] as const)(
    '%s killed twice: it goes on where it had been, and nothing is lost',
    async (victim) => {
      const db = await ghostDatabase(server, ROWS)
      const project = oscProject(tool, { slow: 0.15 })
      const traffic = await startWriting(db, ROWS)
      const first = await killMidway(db, project, victim)
      expect(first.how).toBe('new')
      if (victim === 'tool') expect(first.stdout + first.stderr).toMatch(/it goes on from the last rows/)
      const reached = await noted(db)
      const second = await killMidway(db, project, victim)
      expect(second.how).toBe('resumed')
      const jobs = await db.query('SELECT lower_boundary AS low FROM _users_osc ORDER BY job_id')
      expect(jobs).toHaveLength(2)
      expect(Number(jobs[1]!.low), 'nothing was copied again').toBeGreaterThan(reached)
      const [row] = await db.query(
        `SELECT (SELECT COUNT(*) FROM users WHERE id <= ${reached}) AS source, (SELECT COUNT(*) FROM _users_new WHERE id <= ${reached}) AS copy`,
      )
      expect(Math.abs(Number(row!.copy) - Number(row!.source))).toBeLessThan(50)
      expect(await finish(db, project)).toBe('resumed')
      const { reads, writes } = await traffic.stop()
      expect([...reads.errors, ...writes.errors].map(String)).toEqual([])
      expect(await typeOfN(db)).toBe('bigint')
      await assertNothingLost(db)
      await assertNothingLeft(db)
    },
  )

  test('who started it again was killed before that was on record: the next run takes up that very process', async () => {
    const db = await ghostDatabase(server, ROWS)
    const project = oscProject(tool, { slow: 0.15 })
    const onRecord = "JSON_EXTRACT(detail, '$.run.host') IS NOT NULL"
    await killMidway(db, project, 'both')
    const [before] = await db.query(`SELECT CAST(detail AS CHAR) AS detail FROM phasegate_step WHERE ${onRecord}`)
    const second = startCli(project, LONG, { env: env(db), timeout: TIMEOUT })
    const { how, pid } = await startOf(second)
    expect(how).toBe('resumed')
    second.kill('SIGKILL')
    await second.ended
    await db.query(`UPDATE phasegate_step SET detail = ? WHERE ${onRecord}`, [before!.detail])
    const third = startCli(project, LONG, { env: env(db), timeout: TIMEOUT })
    expect(await startOf(third)).toEqual({ how: 'taken up', pid })
    expect((await third.ended).code).toBe(0)
    expect(await typeOfN(db)).toBe('bigint')
    await assertNothingLost(db)
    await assertNothingLeft(db)
  })

  test('killed again before its first chunk, it goes on from the notes of the run before; after the second time it starts over', async () => {
    const db = await ghostDatabase(server, ROWS)
    const project = oscProject(tool, { slow: 0.15 })
    await killMidway(db, project)
    await db.query(
      'INSERT INTO _users_osc (db, tbl, new_table_name, altr, args) SELECT db, tbl, new_table_name, altr, args FROM _users_osc WHERE job_id = 1',
    )
    expect((await killMidway(db, project)).how).toBe('resumed')
    for (const _ of [1, 2])
      await db.query("INSERT INTO _users_osc (db, tbl, altr, args) VALUES (DATABASE(), 'users', 'x', '')")
    expect(await finish(db, project)).toBe('new')
    await assertNothingLost(db)
    await assertNothingLeft(db)
  })

  test.each<readonly [string, (db: AnyDatabase) => Promise<unknown>]>([
    [
      'a trigger is gone',
      async (db) => {
        const [row] = await db.query(
          `SELECT trigger_name AS name FROM information_schema.triggers WHERE trigger_schema = DATABASE() AND trigger_name LIKE '%\\_upd'`,
        )
        await db.query(`DROP TRIGGER ${row!.name}`)
      },
    ],
    ['the copy is gone', (db) => db.query('DROP TABLE _users_new')],
    ['its notes are gone', (db) => db.query('DROP TABLE _users_osc')],
    ['it has noted nothing', (db) => db.query('UPDATE _users_osc SET lower_boundary = NULL, upper_boundary = NULL')],
    ['a boundary that it takes for none', (db) => db.query("UPDATE _users_osc SET lower_boundary = '0'")],
    ['its copy was complete', (db) => db.query("UPDATE _users_osc SET done = 'yes'")],
    ['notes of another ALTER', (db) => db.query("UPDATE _users_osc SET altr = 'ADD other int'")],
    ['notes of another copy', (db) => db.query("UPDATE _users_osc SET new_table_name = '__users_new'")],
    ['a column came to the table', (db) => db.query('ALTER TABLE users ADD COLUMN came int, ALGORITHM=INSTANT')],
    [
      'it was on another machine',
      (db) =>
        db.query(
          "UPDATE phasegate_step SET detail = JSON_SET(detail, '$.run.host', 'elsewhere') WHERE JSON_EXTRACT(detail, '$.run.host') IS NOT NULL",
        ),
    ],
    ['what it wrote is gone', async (db) => rmSync(`${await directoryOf(db)}/stderr`)],
    [
      'the table is too small now',
      async (db) => {
        await db.query('DELETE FROM users WHERE id > 12000; DELETE FROM mirror WHERE id > 12000')
        // Rows that are not purged yet are counted.
        const counted = async () => {
          await db.query('ANALYZE TABLE users')
          const [row] = await db.query(
            "SELECT n_rows AS n FROM mysql.innodb_table_stats WHERE database_name = DATABASE() AND table_name = 'users'",
          )
          return Number(row!.n)
        }
        while ((await counted()) > 6000) await sleep(200)
      },
    ],
  ])('starts over: %s', async (_, spoil) => {
    const db = await ghostDatabase(server, ROWS)
    const project = oscProject(tool, { slow: 0.1 })
    await killMidway(db, project)
    await spoil(db)
    expect(await finish(db, project)).toBe('new')
    expect(await typeOfN(db)).toBe('bigint')
    await assertNothingLost(db)
    await assertNothingLeft(db)
  })

  test('values that were cut before it was killed are not swapped in after', async () => {
    const db = await ghostDatabase(server, ROWS)
    const project = oscProject(tool, { alter: CUTS, slow: 0.1 })
    await db.query("UPDATE users SET note = 'short' WHERE id > 3000")
    await killMidway(db, project, 'both')
    expect((await runCli(project, LONG, { env: env(db), timeout: TIMEOUT })).code).not.toBe(0)
    expect(await typeOfN(db)).toBe('int')
    await assertNothingLeft(db)
  })

  test('values that the chunk cut in whose midst it was killed are not swapped in', async () => {
    const db = await ghostDatabase(server, ROWS)
    // The server keeps 1024 warnings: those of rows that are there already would push out the one that counts.
    const project = oscProject(tool, {
      alter: CUTS,
      more: ['--chunk-size=3000', '--chunk-size-limit=1', '--sleep=0.4'],
    })
    await db.query("UPDATE users SET note = 'short'; UPDATE users SET note = 'much too long' WHERE id = 45000")
    await killMidway(db, project, 'both')
    expect(await noted(db)).toBeLessThan(45_000)
    const columns = 'id, email, n, note, seen, price, data, raw, kind'
    await db.query(
      `INSERT IGNORE INTO _users_new (${columns}) SELECT ${columns} FROM users WHERE id > ${await noted(db)} AND id <= 50000`,
    )
    const result = await runCli(project, LONG, { env: env(db), timeout: TIMEOUT })
    expect(STARTED.exec(result.stderr + result.stdout)?.[1]).toBe('resumed')
    expect(result.stderr + result.stdout).toMatch(/Data truncated for column 'note'/)
    expect(await typeOfN(db)).toBe('int')
    await assertNothingLeft(db)
  })

  test.each([
    [
      'a key of text',
      'ALTER TABLE users MODIFY id bigint NOT NULL, DROP PRIMARY KEY, ADD PRIMARY KEY (email)',
      undefined,
    ],
    ['an ALTER of more than ASCII', 'DO 0', "ALTER TABLE users MODIFY n bigint NOT NULL DEFAULT 0 COMMENT 'größer'"],
  ])('keeps no notes: %s', async (_, before, alter) => {
    const db = await ghostDatabase(server, ROWS)
    await db.query(before)
    const project = oscProject(tool, { slow: 0.1, ...(alter === undefined ? {} : { alter }) })
    const cli = startCli(project, LONG, { env: env(db), timeout: TIMEOUT })
    const { pid } = await startOf(cli)
    while (Number((await db.query('SELECT COUNT(*) AS n FROM _users_new').catch(() => []))[0]?.n ?? 0) < 3000)
      await sleep(20)
    expect(await db.query("SHOW TABLES LIKE '\\_users\\_osc'")).toEqual([])
    process.kill(pid, 'SIGKILL')
    expect((await cli.ended).stderr).not.toMatch(/it goes on from/)
    expect(await finish(db, project)).toBe('new')
    await assertNothingLost(db)
    await assertNothingLeft(db)
  })
}

const CUTS = 'ALTER TABLE users MODIFY note varchar(8), MODIFY n bigint NOT NULL DEFAULT 0'

const newer = findPtOsc('mysql')

if (newer !== undefined) {
  describeOnMysql('mysql', 'a killed pt-online-schema-change', (server) => suite(server, newer))

  describeOnMysql('mariadb', 'a killed pt-online-schema-change', (server) => {
    test('there it does not know its own notes again, so that it keeps none and starts over', async () => {
      const db = await ghostDatabase(server, ROWS)
      const project = oscProject(newer, { slow: 0.1 })
      const traffic = await startWriting(db, ROWS)
      const cli = startCli(project, LONG, { env: env(db), timeout: TIMEOUT })
      const { pid } = await startOf(cli)
      await sleep(1500)
      expect(await db.query("SHOW TABLES LIKE '\\_users\\_osc'")).toEqual([])
      process.kill(pid, 'SIGKILL')
      await cli.ended
      await assertNothingLeft(db)
      expect(await finish(db, project)).toBe('new')
      await traffic.stop()
      await assertNothingLost(db)
      await assertNothingLeft(db)
    })
  })
}

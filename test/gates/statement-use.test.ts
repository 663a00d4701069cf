import type { Session, StatementUseReading, Target, UsedObject } from '@phasegate/core'
import { connectMysql } from '@phasegate/mysql'
import { connectPostgres } from '@phasegate/postgres'
import { beforeAll, expect, test } from 'vitest'
import { applied, inProcess, library } from '../conformance/library.js'
import { NEW_BUILD, OLD_BUILD, referenceProject, usersDatabase } from '../conformance/reference-migration.js'
import {
  type AnyConnection,
  type AnyDatabase,
  type AnyServer,
  createDatabase,
  describeOnEveryServer,
  describeOnMysql,
  describeOnPostgres,
  type RunningMysql,
  type RunningPostgres,
  startPrivateServer,
} from '../support/servers.js'
import { wordsOf } from '../support/sql-words.js'

const COUNTING = {
  postgres: { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track': 'all' },
  mysql: { 'performance-schema': 'ON' },
  mariadb: { 'performance-schema': 'ON' },
} as const

const TRUNCATE = 'TRUNCATE TABLE performance_schema.events_statements_summary_by_digest'
const RESET = { postgres: 'SELECT pg_stat_statements_reset()', mysql: TRUNCATE, mariadb: TRUNCATE } as const

/** A server that counts statements, for one suite. */
function counting(server: AnyServer, settings: Readonly<Record<string, string>> = {}): () => AnyServer {
  let running: RunningPostgres | RunningMysql | undefined
  beforeAll(async () => {
    const version = server.family === 'postgres' ? { version: server.major } : {}
    const given = { family: server.family, ...version, settings: { ...COUNTING[server.family], ...settings } }
    const started = await startPrivateServer(given as Parameters<typeof startPrivateServer>[0])
    running = started
    return () => started.stop()
  })
  return () => ({ ...server, url: (database?: string) => running!.url(database) }) as AnyServer
}

async function prepare(db: AnyDatabase): Promise<AnyDatabase> {
  if (db.family === 'postgres') await db.query('CREATE EXTENSION pg_stat_statements')
  return db
}

interface Reader {
  readonly target: Target
  read(object?: UsedObject): Promise<StatementUseReading>
  /** Texts of the statements whose calls grew while `work` ran. */
  during(work: () => Promise<unknown>, object?: UsedObject): Promise<readonly string[]>
  close(): Promise<void>
}

const COLUMN: UsedObject = { table: 'users', column: 'verified_at' }
const TABLE: UsedObject = { table: 'users' }

async function readerOn(db: AnyDatabase): Promise<Reader> {
  const target = await (db.family === 'postgres' ? connectPostgres : connectMysql)({ connection: db.url })
  const session: Session = await target.openSession('gate')
  const read = (object = COLUMN) => target.statementUse(session, object)
  return {
    target,
    read,
    async during(work, object) {
      const calls = new Map((await read(object)).uses.map((use) => [use.id, use.calls]))
      await work()
      return (await read(object)).uses.filter((use) => calls.get(use.id) !== use.calls).map((use) => use.text)
    },
    close: () => target.close(),
  }
}

describeOnEveryServer('what the statement statistics say of a column', (shared) => {
  const server = counting(shared)
  let db: AnyDatabase
  let app: AnyConnection
  let reader: Reader
  beforeAll(async () => {
    db = await prepare(await createDatabase(server()))
    const { timestamp } = wordsOf(server())
    await db.query(`CREATE TABLE users (id int PRIMARY KEY, email varchar(50), verified_at ${timestamp})`)
    await db.query('CREATE TABLE orders (id int, user_id int)')
    app = await db.open()
    reader = await readerOn(db)
    return async () => {
      await reader.close()
      await db.drop()
    }
  })
  const used = async (...statements: string[]): Promise<number> =>
    (
      await reader.during(async () => {
        for (const statement of statements) await app.query(statement)
      })
    ).length

  test('counts every way to use it, and nothing else', async () => {
    expect(
      await used(
        'SELECT id FROM users',
        'SELECT COUNT(*) FROM users',
        'UPDATE users SET email = NULL',
        'SELECT * FROM orders',
      ),
    ).toBe(0)
    expect(await used('SELECT verified_at FROM users WHERE id = 1')).toBe(1)
    expect(await used('SELECT u.* FROM orders o JOIN users u ON u.id = o.user_id')).toBe(1)
    expect(await used("INSERT INTO users VALUES (7, 'x', NULL)")).toBe(1)
    expect(await used('INSERT INTO users (id, email) SELECT 8, email FROM users WHERE id = 7')).toBe(0)
    expect(await used('ALTER TABLE users ADD COLUMN more int', 'ALTER TABLE users DROP COLUMN more')).toBe(0)
    expect(await reader.read()).toMatchObject({ exists: true, problems: [], dependents: [], replicas: 0 })
  })

  test('counts every statement on a table', async () => {
    expect((await reader.during(() => app.query('SELECT id FROM users WHERE id = 9'), TABLE)).length).toBe(1)
    expect((await reader.during(() => app.query('SELECT id FROM orders WHERE id = 9'), TABLE)).length).toBe(0)
  })

  test('names views and routines that read it', async () => {
    await db.query('CREATE VIEW verified AS SELECT id, verified_at FROM users')
    await db.query('CREATE VIEW emails AS SELECT id, email FROM users')
    await db.query(
      db.family === 'postgres'
        ? `CREATE FUNCTION latest() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT max(u.verified_at) FROM users u); END $$`
        : 'CREATE FUNCTION latest() RETURNS datetime READS SQL DATA RETURN (SELECT max(u.verified_at) FROM users u)',
    )
    const { dependents } = await reader.read()
    expect(dependents.map((one) => one.replace(/\(\)$/, '').replace(/ .*\./, ' ')).sort()).toEqual([
      'function latest',
      'view verified',
    ])
    await db.query('DROP VIEW verified')
    await db.query('DROP VIEW emails')
    await db.query('DROP FUNCTION latest')
  })

  test('says that a column is not there', async () => {
    expect(await reader.read({ table: 'users', column: 'nothing' })).toMatchObject({ exists: false })
    expect(await reader.read({ table: 'nothing' })).toMatchObject({ exists: false })
  })

  test('its marks stand still while statements run, and change with a reset', async () => {
    const marks = async () => (await reader.read()).marks
    const before = await marks()
    expect(before.length).toBeGreaterThan(2)
    await app.query('SELECT 1 AS one')
    expect(await marks()).toEqual(before)
    // MariaDB says in seconds when a statement was seen first.
    if (db.family === 'mariadb') await new Promise((resolve) => setTimeout(resolve, 1100))
    await db.query(RESET[db.family])
    expect(await marks()).not.toEqual(before)
  })

  test('lets a contract begin after a window without use, begun by a run, and not before', async () => {
    const waiting = await prepare(await usersDatabase(server(), 30))
    const project = referenceProject(wordsOf(server()))
    project.write(
      'phasegate.config.ts',
      `import { columnUnused, defineConfig } from 'phasegate'\nexport default defineConfig({ gates: { contract: [columnUnused('2s')] } })`,
    )
    const options = inProcess(project, waiting)
    const unit = { ...options, unit: 'email_verified:contract' }
    const contract = () => library.runContract({ ...options, confirm: waiting.name })
    const gate = async () => {
      const [answer] = await library.runGate(unit)
      return answer!.checks.find((check) => check.name === 'columnUnused(2s)')!
    }
    await applied(library.runExpand(options))
    await applied(library.runBackfill(options))
    await library.runApprove({ ...unit, reason: 'test' })

    expect(await gate()).toMatchObject({ state: 'unknown', reason: expect.stringContaining('counted from now on') })
    expect(await contract()).toMatchObject({ exit: 3 })
    await OLD_BUILD.work(waiting, 1001)
    expect(await gate()).toMatchObject({
      state: 'closed',
      reason: expect.stringContaining('users.verified_at: used since'),
    })
    expect(await contract()).toMatchObject({ exit: 3 })

    await NEW_BUILD.work(waiting, 1002)
    await applied(library.runVerify(options).then((verified) => ({ ...verified, units: [] })))
    await expect
      .poll(async () => (await gate()).reason, { timeout: 15_000, interval: 300 })
      .toMatch(/: not used since \S+$/)
    await applied(contract())
  }, 120_000)

  test.runIf(shared.family === 'mariadb')(
    'do not have prepared statements, so that each that runs changes a mark',
    async () => {
      const db = await createDatabase(server())
      await db.query('CREATE TABLE users (id int, verified_at datetime)')
      const reader = await readerOn(db)
      const before = (await reader.read()).marks
      const app = await (db as unknown as { connect(): Promise<{ execute(text: string): Promise<unknown> }> }).connect()
      await app.execute('SELECT verified_at FROM users')
      const changed = (await reader.read()).marks.filter(
        (mark) => !before.some((one) => one.name === mark.name && one.value === mark.value),
      )
      expect(changed).toMatchObject([
        { name: 'Com_stmt_execute', changed: expect.stringContaining('prepared statements') },
      ])
      await reader.close()
    },
  )

  test.runIf(shared.family === 'mysql')(
    'have prepared statements by their text, and one that is cut may use the column',
    async () => {
      const db = await createDatabase(server())
      await db.query('CREATE TABLE users (id int, verified_at datetime)')
      const reader = await readerOn(db)
      const app = await (
        db as unknown as {
          connect(): Promise<{ execute(text: string): Promise<unknown>; query(text: string): Promise<unknown> }>
        }
      ).connect()
      expect(await reader.during(() => app.execute('SELECT verified_at FROM users'))).toEqual(
        expect.arrayContaining([expect.stringMatching(/^EXECUTE SELECT `verified_at`/)]),
      )
      const long = Array.from({ length: 400 }, (_, n) => `${n} AS a${n}`).join(', ')
      await app.query(`SELECT ${long}, verified_at FROM users`)
      expect((await reader.read()).uses.map((use) => use.readable)).toEqual(
        expect.arrayContaining([expect.stringContaining('its text is cut')]),
      )
      await reader.close()
    },
  )
})

const SMALL = {
  postgres: { 'pg_stat_statements.max': '1000' },
  mysql: { 'performance-schema-digests-size': '1000' },
  mariadb: { 'performance-schema-digests-size': '1000' },
} as const

describeOnEveryServer('gates on statement statistics that did not keep everything', (shared) => {
  const server = counting(shared, SMALL[shared.family])
  const COLUMN_GATE = 'columnUnused(users.verified_at, 1s)'
  const TABLE_GATE = 'tableUnused(legacy, 1s)'

  /** Statements of a shape each, more than there is room for. */
  async function flood(app: AnyConnection): Promise<void> {
    const shape = (n: number) =>
      [...n.toString(2).padStart(11, '0')].map((bit) => (bit === '0' ? '+ 1' : '* 1')).join(' ')
    for (let n = 0; n < 1500; n++) await app.query(`SELECT 1 ${shape(n)} AS n`)
  }

  /** Both gates have begun their windows, and a second later both things are used, by statements that run once. */
  async function usedInTheWindow(before: (app: AnyConnection) => Promise<void> = async () => {}) {
    const db = await prepare(await usersDatabase(server(), 10))
    // The test before this one may have left no room.
    await db.query(RESET[db.family])
    await db.query('CREATE TABLE legacy (id int PRIMARY KEY)')
    const project = referenceProject(wordsOf(server()))
    project.write(
      'phasegate.config.ts',
      `import { columnUnused, defineConfig, tableUnused } from 'phasegate'
       export default defineConfig({ gates: { contract: [
         columnUnused('1s', { columns: ['users.verified_at'] }), tableUnused('1s', { tables: ['legacy'] })] } })`,
    )
    const options = inProcess(project, db)
    const gates = async () => {
      const [answer] = await library.runGate({ ...options, unit: 'email_verified:contract' })
      return Object.fromEntries(
        answer!.checks
          .filter(({ name }) => name === COLUMN_GATE || name === TABLE_GATE)
          .map(({ name, state, reason }) => [name, `${state}: ${reason}`]),
      )
    }
    const run = () => library.runContract({ ...options, confirm: db.name })
    await applied(library.runExpand(options))
    await applied(library.runBackfill(options))
    await library.runApprove({ ...options, unit: 'email_verified:contract', reason: 'test' })
    // What runs of Phasegate take room of is there now.
    expect(await run()).toMatchObject({ exit: 3 })
    await expect.poll(gates, { timeout: 15_000, interval: 500 }).toEqual({
      [COLUMN_GATE]: expect.stringMatching(/^open: /),
      [TABLE_GATE]: expect.stringMatching(/^open: /),
    })
    const app = await db.open()
    await before(app)
    await app.query('SELECT max(verified_at) AS latest FROM users')
    await app.query('SELECT count(*) AS n FROM legacy')
    return { db, app, gates, run }
  }

  test('answer closed where all was kept', async () => {
    const { gates } = await usedInTheWindow()
    expect(await gates()).toEqual({
      [COLUMN_GATE]: expect.stringMatching(/^closed: .*used since/),
      [TABLE_GATE]: expect.stringMatching(/^closed: .*used since/),
    })
  })

  test('answer unknown where there was no room, and hold the contract', async () => {
    // On PostgreSQL the rarest make room for what is new, elsewhere what is new finds none.
    const evicts = server().family === 'postgres'
    const { db, app, gates, run } = await usedInTheWindow(evicts ? undefined : flood)
    if (evicts) await flood(app)
    expect(await gates()).toEqual({
      [COLUMN_GATE]: expect.stringMatching(/^unknown: .*begins anew/),
      [TABLE_GATE]: expect.stringMatching(/^unknown: .*begins anew/),
    })
    expect(await run()).toMatchObject({ exit: 3 })
    expect(await db.query('SELECT verified_at FROM users WHERE id = 1')).toHaveLength(1)
  })

  test('answer unknown where everything was reset, and begin their windows anew', async () => {
    const { db, gates, run } = await usedInTheWindow()
    await db.query(RESET[db.family])
    expect(await gates()).toEqual({
      [COLUMN_GATE]: expect.stringMatching(/^unknown: .*reset.*begins anew/),
      [TABLE_GATE]: expect.stringMatching(/^unknown: .*reset.*begins anew/),
    })
    expect(await run()).toMatchObject({ exit: 3 })
    expect(await db.query('SELECT verified_at FROM users WHERE id = 1')).toHaveLength(1)
  })
})

describeOnPostgres(18, 'statement statistics that prove nothing', (shared) => {
  const server = counting(shared, { 'pg_stat_statements.max': '100' })
  const reading = async (change: string[]) => {
    const db = await createDatabase(server() as Parameters<typeof createDatabase>[0])
    await db.query('CREATE TABLE users (id int, verified_at timestamptz)')
    for (const statement of change) await db.query(statement)
    const reader = await readerOn(db)
    try {
      return await reader.read()
    } finally {
      await reader.close()
      await db.query('ALTER ROLE postgres RESET ALL')
    }
  }

  test.each([
    ['no extension', [], 'not in this database'],
    [
      'settings of a role',
      ['CREATE EXTENSION pg_stat_statements', "ALTER ROLE postgres SET pg_stat_statements.track = 'none'"],
      'track is none',
    ],
  ])('%s is named, with the way out', async (_what, change, reason) => {
    const { problems } = await reading(change)
    expect(problems.map((one) => one.reason).join()).toContain(reason)
    expect(problems.every((one) => one.next.length > 10)).toBe(true)
  })

  test('entries that had to make room for others change a mark', async () => {
    const db = await prepare(await createDatabase(server()))
    await db.query('CREATE TABLE users (id int, verified_at timestamptz)')
    const reader = await readerOn(db)
    const dealloc = async () => (await reader.read()).marks.find((mark) => mark.name === 'dealloc')?.value
    const before = await dealloc()
    const app = await db.open()
    for (let n = 0; n < 150; n++) await app.query(`SELECT 1${', 1'.repeat(n)}`)
    expect(Number(await dealloc())).toBeGreaterThan(Number(before))
    await reader.close()
  })
})

describeOnPostgres(18, 'a server without statement statistics', (server) => {
  test('is unknown, with the way out', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE users (id int, verified_at timestamptz)')
    const reader = await readerOn(db)
    expect((await reader.read()).problems).toMatchObject([{ next: 'CREATE EXTENSION pg_stat_statements;' }])
    await db.query('CREATE EXTENSION pg_stat_statements')
    expect((await reader.read()).problems).toMatchObject([
      { next: expect.stringContaining('shared_preload_libraries') },
    ])
    await reader.close()
  })
})

describeOnMysql('mariadb', 'a server without performance_schema', (server) => {
  test('is unknown, with the way out', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE users (id int, verified_at datetime)')
    const reader = await readerOn(db)
    expect((await reader.read()).problems).toMatchObject([{ reason: 'performance_schema is off' }])
    await reader.close()
  })
})

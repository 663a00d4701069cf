import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createProject, type Project } from '../support/project.js'
import { type CliResult, runCli } from '../support/run-cli.js'
import { createDatabase, describeOnEveryMysql, describeOnMysql, type MysqlDatabase } from '../support/servers.js'
import { on } from './users-project.js'

const ADD = { 'phasegate/20261122093000_one.sql': '-- phase: expand\nALTER TABLE users ADD COLUMN b int;\n' }
const ONCE = { PHASEGATE_RETRIES: '0' }

/** A project of one expand that calls these functions, one after the other. */
const functions = (...bodies: readonly string[]): Project =>
  createProject({
    'phasegate/20261122093000_run.ts': `import { defineMigration } from 'phasegate'
export default defineMigration({
  expand: ({ ops }) => [${bodies.map((body, i) => `ops.run('v${i}', async ({ query }) => { ${body} })`).join(', ')}],
})`,
  })

const run = (project: Project, db: MysqlDatabase, args: readonly string[], env = {}): Promise<CliResult> =>
  runCli(project, args, on(db.url, env))
const steps = async (db: MysqlDatabase, phase: string): Promise<readonly string[]> =>
  (
    await db.query<{ state: string }>(`SELECT state FROM phasegate_step WHERE phase = '${phase}' ORDER BY position`)
  ).map(({ state }) => state)
const counted = async (db: MysqlDatabase): Promise<number> =>
  Number((await db.query<{ n: number }>('SELECT n FROM counter'))[0]?.n)

describeOnEveryMysql('a step outside any transaction', (server) => {
  async function database(): Promise<MysqlDatabase> {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE users (id int PRIMARY KEY, a int, old int, KEY old_of (old))')
    await db.query('INSERT INTO users (id, a) VALUES (1, 1), (2, 2)')
    await db.query('CREATE TABLE counter (n int)')
    await db.query('INSERT INTO counter VALUES (0)')
    return db
  }

  test('that the server refuses leaves no point of no return behind', async () => {
    const db = await database()
    await db.query('CREATE TABLE parent (id int PRIMARY KEY)')
    await db.query('ALTER TABLE users ADD CONSTRAINT to_parent FOREIGN KEY (old) REFERENCES parent (id)')
    const project = createProject({
      'phasegate/20261122093000_one.sql':
        '-- phase: expand\nALTER TABLE users ADD COLUMN b int;\n-- phase: contract\n-- app-uses: new\nALTER TABLE users DROP COLUMN old;\n',
    })
    expect(await run(project, db, ['expand'])).toMatchObject({ code: 0 })
    expect(await run(project, db, ['approve', 'one:contract', '--reason', 'test'])).toMatchObject({ code: 0 })
    const refused = await run(project, db, ['contract', '--confirm', db.name])
    expect(refused.code, refused.stdout + refused.stderr).toBe(9)
    const [unit] = await db.query(
      `SELECT state, point_of_no_return AS past, CAST(JSON_EXTRACT(detail, '$.begun') AS CHAR) AS begun
       FROM phasegate_unit WHERE phase = 'contract'`,
    )
    expect(unit).toMatchObject({ state: 'failed', past: 0, begun: 'false' })

    await db.query('ALTER TABLE users DROP FOREIGN KEY to_parent, DROP KEY old_of')
    expect(await run(project, db, ['contract', '--confirm', db.name])).toMatchObject({ code: 0 })
    const [after] = await db.query(`SELECT point_of_no_return AS past FROM phasegate_unit WHERE phase = 'contract'`)
    expect(after).toMatchObject({ past: 1 })
  }, 120_000)

  test('that is a function is not done twice where it failed half-way', async () => {
    const db = await database()
    const project = functions(`await query('UPDATE counter SET n = n + 1'); await query('ALTER TABLE users ADD b int')`)
    const holder = await db.open()
    await holder.query('START TRANSACTION')
    await holder.query('SELECT * FROM users')
    const first = await run(project, db, ['expand'], { PHASEGATE_RETRIES: '3' })
    expect(first.code, first.stdout + first.stderr).toBe(9)
    expect(first.stdout + first.stderr).toMatch(/STEP\.UNDECIDED: .*what its first statements did stands/)
    await holder.query('COMMIT')
    expect((await run(project, db, ['expand'])).stdout).toContain('STEP.UNDECIDED')
    expect(await counted(db)).toBe(1)
    expect(await run(project, db, ['repair', 'run:expand', '--again', '--reason', 'looked'])).toMatchObject({ code: 0 })
    expect(await run(project, db, ['expand'])).toMatchObject({ code: 0 })
    expect(await counted(db)).toBe(2)
  }, 120_000)

  test('that is a function which failed before it did anything runs again', async () => {
    const db = await database()
    const project = functions(`await query('SELECT 1'); await query('ALTER TABLE users ADD b int')`)
    await db.query('ALTER TABLE users ADD COLUMN b int')
    const first = await run(project, db, ['expand'])
    expect(first.code).toBe(9)
    expect(first.stdout).toContain('DATABASE.STATEMENT')
    expect(await steps(db, 'expand')).toEqual(['pending'])
    await db.query('ALTER TABLE users DROP COLUMN b')
    expect(await run(project, db, ['expand'])).toMatchObject({ code: 0 })
  }, 120_000)

  test.each([
    ['an open transaction', `await query('START TRANSACTION')`],
    ['autocommit off', `await query('SET autocommit = 0')`],
    ['tables locked', `await query('LOCK TABLES counter WRITE')`],
    ['read only', `await query('UPDATE counter SET n = n'); await query('SET SESSION TRANSACTION READ ONLY')`],
    ['another database', `await query('USE information_schema')`],
    ['keys unchecked', `await query('SET foreign_key_checks = 0')`],
  ])(
    'that is a function leaves nothing behind: %s',
    async (_, leaves) => {
      const db = await database()
      const update = `await query('UPDATE ${db.name}.counter SET n = n + 1')`
      const body = leaves.includes('READ ONLY') ? `${update}; ${leaves}` : `${leaves}; ${update}`
      const look = `const [row] = await query('SELECT @@foreign_key_checks + @@autocommit AS two, DATABASE() AS d')
      if (Number(row.two) !== 2 || row.d !== '${db.name}') throw new Error(JSON.stringify(row))`
      const result = await run(functions(body, look), db, ['expand'])
      expect(result.code, result.stdout + result.stderr).toBe(0)
      expect(await counted(db)).toBe(1)
      expect(await steps(db, 'expand')).toEqual(['done', 'done'])
      expect(await db.query(`SELECT state FROM phasegate_unit`)).toMatchObject([{ state: 'applied' }])
    },
    60_000,
  )

  test('that waits for a lock says so, also where nobody can say who holds it', async () => {
    const db = await database()
    const holder = await db.open()
    await holder.query('LOCK TABLES users READ')
    const result = await run(createProject(ADD), db, ['expand'], ONCE)
    expect(result.code, result.stdout + result.stderr).toBe(6)
    expect(result.stdout).toContain('LOCK.HELD')
    expect(result.stdout).not.toContain('none of them holds it now')
    // MariaDB without its plugin cannot tell.
    if (server.family === 'mysql') expect(result.stdout).toContain('LOCK TABLES users READ')
    await holder.query('UNLOCK TABLES')
  }, 60_000)
})

describeOnEveryMysql('a step on a table whose name differs from another in case alone', (server) => {
  test('waits for nobody who holds the other', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE users (id int PRIMARY KEY)')
    const [cased] = await db.query<{ names: string }>('SELECT @@lower_case_table_names AS names')
    if (Number(cased?.names) !== 0) return
    await db.query('CREATE TABLE Users (id int PRIMARY KEY)')
    const holder = await db.open()
    await holder.query('START TRANSACTION')
    await holder.query('SELECT * FROM Users')
    await sleep(1200)
    const result = await run(createProject(ADD), db, ['expand'], ONCE)
    expect(result.code, result.stdout + result.stderr).toBe(0)
    await holder.query('COMMIT')
  }, 60_000)
})

describeOnMysql('mysql', 'a step in the way of which no session is', (server) => {
  test('names the prepared transaction', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE users (id int PRIMARY KEY)')
    const xa = `'${db.name}'`
    const client = await db.open()
    for (const text of [`XA START ${xa}`, 'INSERT INTO users VALUES (1)', `XA END ${xa}`, `XA PREPARE ${xa}`])
      await client.query(text)
    await client.close()
    try {
      const result = await run(createProject(ADD), db, ['expand'], ONCE)
      expect(result.code, result.stdout + result.stderr).toBe(6)
      expect(result.stdout).toContain('a prepared XA transaction without a session')
    } finally {
      await db.query(`XA ROLLBACK ${xa}`)
    }
  }, 60_000)
})

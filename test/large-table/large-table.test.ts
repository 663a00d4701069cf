import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startTraffic } from '../support/live-traffic.js'
import { createProject, type Project } from '../support/project.js'
import { type CliResult, runCli } from '../support/run-cli.js'
import {
  type AnyDatabase,
  type AnyServer,
  createDatabase,
  describeWithPgRepack,
  describeWithTool,
} from '../support/servers.js'
import { type Command, EXAMPLE, type Section, sectionOf } from './readme.js'

const GHOST = 'gh-ost, on MySQL'
const OSC = 'pt-online-schema-change, on MariaDB'
const AUTO = 'Without a word'
const REPACK = 'pg_repack, on PostgreSQL 15'
const ROWS = 100_000

describeWithTool('gh-ost', 'mysql', 'examples/large-table by gh-ost', (server) => {
  test('adds the column of the article under traffic, as the README says', () => addsPhone(server, GHOST, 'gh-ost'))
  test('says nothing and gets who is best', () => choosesByItself(server, GHOST, 'gh-ost'))
})

describeWithTool('pt-osc', 'mariadb', 'examples/large-table by pt-online-schema-change', (server) => {
  test('adds the column of the article under traffic, as the README says', () => addsPhone(server, OSC, 'pt-osc'))
  test('says nothing and gets who is best', () => choosesByItself(server, OSC, 'pt-osc'))
})

describeWithPgRepack('examples/large-table', (server) => {
  test('gives the room of a dropped column back', async () => {
    const { statements, commands } = sectionOf(REPACK)
    const { db, project } = await begin(server, statements)
    const sizes: number[] = []
    for (const command of commands) {
      sizes.push(await sizeOf(db))
      await run(project, db, command)
    }
    const at = commands.findIndex(({ args }) => args[0] === 'contract')
    expect(sizes[at + 1]!, 'bytes after its contract').toBeLessThan(0.6 * sizes[at]!)
    expect(await db.query("SELECT count(*)::int AS n FROM users WHERE phone LIKE '%0'")).toEqual([{ n: ROWS / 10 }])
    expect(await db.query("SELECT FROM pg_trigger WHERE tgname = 'repack_trigger'")).toEqual([])
  }, 180_000)
})

test('the change is that of the article', () => {
  for (const folder of ['gh-ost', 'pt-osc', 'auto', 'pg_repack'])
    expect(readFileSync(join(EXAMPLE, folder, '20261122093000_phone.sql'), 'utf8')).toContain(
      'ALTER TABLE users ADD COLUMN phone VARCHAR(20);\n',
    )
})

async function addsPhone(server: AnyServer, title: string, tool: string): Promise<void> {
  const { statements, commands } = sectionOf(title)
  const { db, project } = await begin(server, statements)
  const written = new Map<number, string>()
  const traffic = await startTraffic({
    db,
    read: (client, round) => client.query('SELECT email FROM users WHERE id = ?', [idOf(round)]),
    write: async (client, round) => {
      const update = () =>
        client.query('UPDATE users SET email = ? WHERE id = ?', [`new${round}@example.org`, idOf(round)])
      await (tool === 'pt-osc' ? withRetry(update) : update())
      written.set(idOf(round), `new${round}@example.org`)
    },
  })
  const said = await runAll(project, db, commands)
  const { reads, writes } = await traffic.stop()
  expect([...reads.errors, ...writes.errors]).toEqual([])
  expect(said('plan')).toContain(`by ${tool}: the migration file`)
  expect(said('expand --long')).toContain(`${tool} is done with users`)
  const rows = await db.query('SELECT id, email, phone FROM users')
  expect(rows).toHaveLength(ROWS)
  expect(rows.filter(({ id, email }) => (written.get(Number(id)) ?? email) !== email)).toEqual([])
  expect(rows.filter(({ phone }) => phone !== null)).toEqual([])
  expect(written.size).toBeGreaterThan(50)
  expect(await leftIn(db)).toEqual([])
}

/** As an application has to: beside the triggers of pt-online-schema-change it may be the victim of a deadlock with the copy. */
async function withRetry(attempt: () => Promise<unknown>): Promise<void> {
  for (let count = 1; ; count++) {
    try {
      await attempt()
      return
    } catch (error) {
      const deadlock = error instanceof Error && 'code' in error && error.code === 'ER_LOCK_DEADLOCK'
      if (!deadlock || count === 10) throw error
    }
  }
}

async function choosesByItself(server: AnyServer, title: string, tool: string): Promise<void> {
  const { statements } = sectionOf(title)
  const { db, project } = await begin(server, statements)
  await db.query('ANALYZE TABLE users')
  const said = await runAll(project, db, sectionOf(AUTO).commands)
  expect(said('plan')).toMatch(new RegExp(`STORED\\n.*\\n +by ${tool}: the server would copy it while writers wait`))
  expect(said('expand')).toMatch(/phone:expand +applied/)
  expect(said('expand')).toMatch(/domain:expand +left/)
  expect(await db.query("SELECT COUNT(*) AS n FROM users WHERE domain = 'example.org'")).toEqual([{ n: ROWS }])
  expect(await leftIn(db)).toEqual([])
}

async function begin(server: AnyServer, statements: Section['statements']) {
  const db = await createDatabase(server)
  const session = await db.open()
  for (const statement of statements) await session.query(statement)
  await session.close()
  const project = createProject()
  cpSync(EXAMPLE, project.dir, { recursive: true, filter: (file) => !file.includes('node_modules') })
  return { db, project }
}

/** Everything that a command said, by how it begins. */
async function runAll(project: Project, db: AnyDatabase, commands: readonly Command[]) {
  const said = new Map<string, string>()
  for (const command of commands) said.set(command.args.join(' '), await run(project, db, command))
  return (line: string): string => said.get(line) ?? ''
}

/** On the database of the test, whatever the README calls its own. */
async function run(project: Project, db: AnyDatabase, { line, args, exports, exit }: Command): Promise<string> {
  const own = args.map((word) => (word === 'mydb' ? db.name : word))
  const env = { ...exports, DATABASE_URL: db.url, PHASEGATE_CONTRACT_ANNOUNCE: '500ms' }
  const result: CliResult = await runCli(project, own, { env, timeout: 120_000 })
  expect(result.code, `${line}\n${result.stdout}\n${result.stderr}`).toBe(exit)
  return `${result.stdout}\n${result.stderr}`
}

/** All over the table. */
const idOf = (round: number): number => 1 + ((round * 7919) % ROWS)

async function sizeOf(db: AnyDatabase): Promise<number> {
  const [row] = await db.query("SELECT pg_total_relation_size('users')::float8 AS bytes")
  return Number(row!.bytes)
}

/** Tables and triggers that are neither the example's nor the journal's. */
async function leftIn(db: AnyDatabase): Promise<readonly unknown[]> {
  return db.query(`SELECT table_name AS name FROM information_schema.tables
      WHERE table_schema = DATABASE() AND table_name NOT LIKE 'phasegate%' AND table_name <> 'users'
    UNION ALL SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()`)
}

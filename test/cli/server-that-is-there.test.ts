import { describe, expect, test } from 'vitest'
import { createProject } from '../support/project.js'
import { runCli } from '../support/run-cli.js'
import { createDatabase, describeOnMysql } from '../support/servers.js'
import { createFolder, type ErrorDocument } from './folder.js'

const NAME = '20270101000000_note'
const FILE = `phasegate/${NAME}.sql`
/** MySQL has no IF NOT EXISTS in ALTER TABLE. */
const OF_MARIADB = '-- phase: expand\nALTER TABLE users ADD COLUMN IF NOT EXISTS note text;\n'
const USERS = 'CREATE TABLE users (id bigint PRIMARY KEY)'

interface PlanDocument {
  readonly target: { readonly dialect: string }
  readonly units: readonly { readonly steps: readonly { readonly statement: string }[] }[]
}

describe('without a database', () => {
  test.each([
    [{ PHASEGATE_DIALECT: 'mariadb' }, 0],
    [{ PHASEGATE_DIALECT: 'mysql' }, 8],
    [{ DATABASE_URL: 'mariadb://u@h/d' }, 0],
    [{ DATABASE_URL: 'mysql://u@h/d' }, 8],
  ])('check compiles for what the settings say: %o', async (env, code) => {
    const result = await runCli(createProject({ [FILE]: OF_MARIADB }), ['check', '--json'], { env })
    expect(result.code, result.stdout).toBe(code)
  })

  test('the version decides too, and is text or a whole number', async () => {
    // MariaDB copies a table beside its writers from 11.2 on, so that a CHECK may be added.
    const check = '-- app-uses: new\n-- phase: contract\nALTER TABLE users ADD CHECK (id > 0);\n'
    const project = createProject({ [FILE]: check })
    const env = { PHASEGATE_DIALECT: 'mariadb' }
    const run = (version: string) => runCli(project, ['check', '--json', '--server-version', version], { env })
    expect(await run('10.11')).toMatchObject({ code: 8 })
    expect(await run('11.4')).toMatchObject({ code: 0 })
    const wrong = await run('newest')
    expect(wrong.json<ErrorDocument>().error).toMatchObject({
      code: 'CONFIG.VALUE',
      message: expect.stringContaining('--server-version'),
    })
  })

  test('one file has one fingerprint on MySQL and MariaDB, and in every version', async () => {
    const sql = '-- phase: expand\nALTER TABLE users ADD COLUMN note varchar(20);\nCREATE INDEX i ON users (note);\n'
    const project = createProject({ [FILE]: sql })
    const digest = async (env: Record<string, string>): Promise<unknown> => {
      const result = await runCli(project, ['manifest', '--app', 'api', '--build', 'b', '--json'], { env })
      return result.json<{ manifest: { migrations: unknown } }>().manifest.migrations
    }
    const mysql = await digest({ PHASEGATE_DIALECT: 'mysql', PHASEGATE_SERVER_VERSION: '8.0.28' })
    expect(await digest({ PHASEGATE_DIALECT: 'mysql', PHASEGATE_SERVER_VERSION: '9.7' })).toEqual(mysql)
    expect(await digest({ PHASEGATE_DIALECT: 'mariadb' })).toEqual(mysql)
  })
})

describeOnMysql('mariadb', 'a mysql: URL that leads to MariaDB', (server) => {
  test('files are compiled for the server that is there', async () => {
    const db = await createDatabase(server)
    await db.query(USERS)
    const project = createProject({ [FILE]: OF_MARIADB })
    const url = db.url.replace(/^mariadb:/, 'mysql:')
    expect(url).toMatch(/^mysql:/)
    const plan = await runCli(project, ['plan', '--json'], { env: { DATABASE_URL: url } })
    expect(plan.code, plan.stdout).toBe(0)
    expect(plan.json<PlanDocument>()).toMatchObject({ target: { dialect: 'mariadb' } })
    expect(plan.json<PlanDocument>().units[0]?.steps[0]?.statement).toContain('IF NOT EXISTS note')
    expect(await runCli(project, ['check', '--database', url])).toMatchObject({ code: 0 })
    expect(await runCli(project, ['expand'], { env: { DATABASE_URL: url } })).toMatchObject({ code: 0 })
  })

  test('where the settings name a version, a file that is wrong for it is known before anything is connected', async () => {
    const project = createProject({ [FILE]: OF_MARIADB })
    const env = { DATABASE_URL: 'mysql://u@127.0.0.1:1/nowhere' }
    const named = await runCli(project, ['plan', '--json'], { env: { ...env, PHASEGATE_SERVER_VERSION: '8.4' } })
    expect(named).toMatchObject({ code: 2 })
    expect(named.json<ErrorDocument>().error).toMatchObject({ code: 'SQL.CLAUSE' })
    const silent = await runCli(project, ['plan', '--json'], { env })
    expect(silent.json<ErrorDocument>().error).toMatchObject({ code: 'DATABASE.UNREACHABLE' })
  })
})

describeOnMysql('mysql', 'a mariadb: URL that leads to MySQL', (server) => {
  test('a file that only MariaDB can read is refused, with nothing executed', async () => {
    const db = await createDatabase(server)
    await db.query(USERS)
    const project = createProject({ [FILE]: OF_MARIADB })
    const url = db.url.replace(/^mysql:/, 'mariadb:')
    const result = await runCli(project, ['expand', '--json'], { env: { DATABASE_URL: url } })
    expect(result.code).toBe(2)
    expect(result.json<ErrorDocument>().error).toMatchObject({ code: 'SQL.CLAUSE' })
    expect(await db.query("SHOW TABLES LIKE 'phasegate%'")).toEqual([])
  })
})

test('a config that contradicts the database is refused', async () => {
  const folder = createFolder({ 'phasegate/.gitkeep': '' })
  const env = { PHASEGATE_DIALECT: 'postgres', DATABASE_URL: 'mysql://u:s3cret@h/d' }
  const result = await runCli(folder, ['plan', '--json'], { env })
  expect(result.json<ErrorDocument>().error).toMatchObject({
    code: 'CONFIG.DIALECT',
    message: "The dialect is 'postgres' (from PHASEGATE_DIALECT), and the database is mysql (from DATABASE_URL).",
  })
})

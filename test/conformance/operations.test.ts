import { expect, test } from 'vitest'
import { createProject, type Project } from '../support/project.js'
import { type AnyDatabase, createDatabase, describeOnEveryServer, type Family } from '../support/servers.js'
import { shapeOf, wordsOf } from '../support/sql-words.js'
import { applied, codeOf, inProcess, library } from './library.js'

const NAME = '20261122093000_ops'

/** Every operation, as its author writes it. `refused`: the code where a family cannot do it without a copy, or has no such thing. */
interface Case {
  readonly what: string
  readonly write: string
  /** Lines of the shape that it adds and that it takes away, each matched by one expression; in this order. */
  readonly adds?: readonly RegExp[]
  readonly removes?: readonly RegExp[]
  readonly refused?: Partial<Record<Family, string>>
  /** It is refused for the copy, and so not where the server can copy beside traffic. */
  readonly byCopy?: true
}

const EXPANDS: readonly Case[] = [
  { what: 'addColumn', write: `ops.addColumn('users', 'note', 'text')`, adds: [/^users note text/] },
  {
    what: 'addColumn with a default',
    write: `ops.addColumn('users', 'Größe \`1\`', 'decimal(10,2)', { default: -1.5, notNull: true })`,
    adds: [/^users Größe `1` .*not null.*-1\.5/],
  },
  {
    what: 'createIndex',
    write: `ops.createIndex('users', ['plan', 'email'])`,
    adds: [/users_plan_email_idx.*plan/, /users_plan_email_idx.*email/],
  },
  {
    what: 'createIndex, unique',
    write: tightens(`ops.createIndex('users', ['email'], { unique: true })`),
    adds: [/users_email/],
  },
  {
    what: 'addUnique',
    write: tightens(`ops.addUnique('users', ['email'], { name: 'users_mail' })`),
    adds: [/users_mail/],
  },
  {
    what: 'addForeignKey',
    write: tightens(
      `ops.addForeignKey('users', ['team'], { table: 'teams', columns: ['id'] }, { onDelete: 'cascade' })`,
    ),
    adds: [/users_team_fkey/],
  },
  {
    what: 'addCheck',
    write: tightens(`ops.addCheck('users', sql\`team > 0\`)`),
    adds: [/users_team_check/],
    refused: { mysql: 'OPERATION.UNSAFE', mariadb: 'OPERATION.UNSAFE' },
    byCopy: true,
  },
  {
    what: 'setNotNull',
    write: tightens(`ops.setNotNull('users', 'email')`),
    adds: [/^users email .*not null/],
    removes: [/^users email/],
  },
  {
    what: 'createTable',
    write: `ops.createTable('posts', (t) => {
      t.integer('id').primary()
      t.integer('author').references('id').inTable('users')
      t.string('title', 100).notNullable().defaultTo('none')
    }), ops.createIndex('posts', ['title'])`,
    adds: [/posts/],
  },
  {
    what: 'schema',
    write: `schema.alterTable('users', (t) => { t.string('nick', 40); t.dateTime('seen') }), schema.createTable('tags', (t) => { t.bigIncrements('id') })`,
    adds: [/tags/, /^users nick/, /^users seen/],
  },
  {
    what: 'sql',
    write:
      'sql`ALTER TABLE users ADD COLUMN a int, ADD COLUMN b int DEFAULT 7`, sql`CREATE INDEX users_a ON users (a)`',
    adds: [/^users a /, /^users b /, /users_a/],
  },
]

const CONTRACTS: readonly Case[] = [
  { what: 'dropColumn', write: `ops.dropColumn('users', 'plan')`, removes: [/^users plan/] },
  {
    what: 'dropColumn of an indexed column',
    write: `ops.dropColumn('users', 'old')`,
    removes: [/users_old_idx/, /^users old/],
  },
  {
    what: 'setDefault',
    write: `ops.setDefault('users', 'plan', "it's")`,
    adds: [/^users plan .*it''?s/],
    removes: [/^users plan .*free/],
  },
  {
    what: 'dropDefault',
    write: `ops.dropDefault('users', 'plan')`,
    adds: [/^users plan/],
    removes: [/^users plan .*free/],
  },
  { what: 'dropIndex', write: `ops.dropIndex('users_old_idx', { table: 'users' })`, removes: [/users_old_idx/] },
  {
    what: 'setNotNull',
    write: `ops.setNotNull('users', 'plan')`,
    adds: [/^users plan .*not null.*free/],
    removes: [/^users plan/],
  },
  {
    what: 'dropNotNull',
    write: `ops.dropNotNull('users', 'must')`,
    adds: [/^users must/],
    removes: [/^users must .*not null/],
  },
  { what: 'dropConstraint', write: `ops.dropConstraint('users', 'users_small')`, removes: [/users_small/] },
  { what: 'dropTable', write: `ops.dropTable('teams')`, removes: [/teams/] },
  {
    what: 'alterTable',
    write: `ops.alterTable('users', 'ALTER plan DROP DEFAULT')`,
    adds: [/^users plan/],
    removes: [/^users plan .*free/],
  },
  {
    what: 'run',
    write: `allow('PHASE.WRITES', 'a case of its own', ops.run('1', async ({ query }) => { await query("UPDATE users SET email = 'by run' WHERE id = 1") }))`,
  },
  {
    what: 'addEnumValue',
    write: `ops.addEnumValue('mood', 'sad')`,
    refused: { mysql: 'OPERATION.UNSUPPORTED', mariadb: 'OPERATION.UNSUPPORTED' },
  },
]

function tightens(write: string): string {
  return `allow('PHASE.TIGHTENS', 'every writer keeps to it already', ${write})`
}

describeOnEveryServer('operations', (server) => {
  const { family } = server
  const { numbers } = wordsOf(server)
  const tables = `
    CREATE TABLE teams (id int PRIMARY KEY);
    CREATE TABLE users (id int PRIMARY KEY, email varchar(100), team int, old varchar(20), plan varchar(20) DEFAULT 'free',
      must int NOT NULL, CONSTRAINT users_small CHECK (must < 100));
    CREATE INDEX users_old_idx ON users (old);
    ${family === 'postgres' ? `CREATE TYPE mood AS ENUM ('ok');` : ''}
    INSERT INTO teams VALUES (1);
    INSERT INTO users SELECT g, concat('u', g), 1, 'o', 'free', 1 FROM ${numbers(50)}`

  async function prepared(phase: string, write: string): Promise<{ db: AnyDatabase; project: Project }> {
    const db = await createDatabase(server, { name: 'conformance_operations', sql: tables })
    const project = createProject({
      [`phasegate/${NAME}.ts`]: `import { allow, defineMigration, sql } from 'phasegate'
        export default defineMigration({ appUses: 'new', ${phase}: ({ ops, schema }) => [${write}] })`,
    })
    return { db, project }
  }

  function refusalOf({ refused, byCopy }: Case): string | undefined {
    // MariaDB 11.2 and newer.
    const [major = 0, minor = 0] = server.version.split('.').map(Number)
    const copies = family === 'mariadb' && (major > 11 || (major === 11 && minor >= 2))
    return byCopy && copies ? undefined : refused?.[family]
  }

  /** What changed, as the case says; each expression must match a line, and each line an expression. */
  function expectChange(before: readonly string[], after: readonly string[], { adds = [], removes = [] }: Case): void {
    const changes = [
      [after.filter((line) => !before.includes(line)), adds],
      [before.filter((line) => !after.includes(line)), removes],
    ] as const
    for (const [lines, expected] of changes) {
      for (const one of expected) expect(lines).toContainEqual(expect.stringMatching(one))
      for (const line of lines)
        expect(
          expected.some((one) => one.test(line)),
          line,
        ).toBe(true)
    }
  }

  test.each(EXPANDS)('$what in expand, and its revert', async (one) => {
    const { db, project } = await prepared('expand', one.write)
    const options = inProcess(project, db)
    const before = await shapeOf(db)
    const code = refusalOf(one)
    if (code !== undefined) {
      expect(await codeOf(library.runExpand(options))).toBe(code)
      expect(await shapeOf(db)).toEqual(before)
      return
    }
    await applied(library.runExpand(options))
    expectChange(before, await shapeOf(db), one)
    await applied(library.runRevert({ ...options, migration: 'ops', confirm: db.name }))
    expect(await shapeOf(db)).toEqual(before)
  })

  test.each(CONTRACTS)('$what in contract', async (one) => {
    const { db, project } = await prepared('contract', one.write)
    const options = inProcess(project, db)
    const before = await shapeOf(db)
    const code = refusalOf(one)
    if (code !== undefined) {
      expect(await codeOf(library.runPlan(options))).toBe(code)
      return
    }
    await library.runApprove({ ...options, unit: 'ops:contract', reason: 'test' })
    await applied(library.runContract({ ...options, confirm: db.name }))
    expectChange(before, await shapeOf(db), one)
    if (one.what === 'run') expect(await db.query(`SELECT id FROM users WHERE email = 'by run'`)).toEqual([{ id: 1 }])
    expect(await applied(library.runContract({ ...options, confirm: db.name }))).toMatchObject({ units: [] })
  })
})

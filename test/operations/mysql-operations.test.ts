import { setTimeout as sleep } from 'node:timers/promises'
import { type CompiledStep, defineMigration, type MigrationDefinition, ops, type Session, sql } from '@phasegate/core'
import { mariadbDialect, mysqlDialect } from '@phasegate/mysql'
import { describe, expect, test } from 'vitest'
import { completeStatement } from '../../packages/mysql/dist/catalog/complete-statement.js'
import { type AnyConnection, createDatabase, describeOnEveryMysql, type MysqlDatabase } from '../support/servers.js'

type List = NonNullable<MigrationDefinition['expand']>

const TABLES = [
  'CREATE TABLE teams (id int PRIMARY KEY)',
  `CREATE TABLE users (id int PRIMARY KEY, email varchar(50), team int, old varchar(20), plan varchar(9) DEFAULT 'free',
     note varchar(30) NOT NULL DEFAULT 'it''s' COMMENT 'kept', INDEX users_old_idx (old), UNIQUE INDEX by_mail (email, id),
     CONSTRAINT has_id CHECK (id > 0))`,
  'INSERT INTO teams VALUES (1)',
  `INSERT INTO users (id, email, team, old) VALUES ${Array.from({ length: 500 }, (_, i) => `(${i + 1}, 'u${i}', 1, 'o')`).join(', ')}`,
]

/** What a runner gives every session (packages/mysql/src/session), as far as it matters here. */
const SETTINGS = "SET SESSION sql_mode = 'STRICT_TRANS_TABLES', lock_wait_timeout = 1, time_zone = '+00:00'"

type Case = readonly [what: string, expand: List, adds: readonly string[], removes: readonly string[]]

/** Undone by what is derived. */
const BOTH_WAYS: readonly Case[] = [
  [
    'addColumn',
    () => [ops.addColumn('users', 'Größe', 'decimal(10,2)', { default: -1.5, notNull: true })],
    ['column users.Größe decimal not null default -1.50'],
    [],
  ],
  [
    'addColumn with a text that holds a backslash and a quote',
    () => [ops.addColumn('users', 'path', 'varchar(20)', { default: "it's C:\\temp" })],
    ["column users.path varchar(20) null default it's C:\\temp"],
    [],
  ],
  [
    'createIndex',
    () => [ops.createIndex('users', ['email', 'team'])],
    ['index users.users_email_team_idx (email, team)'],
    [],
  ],
  [
    'addUnique',
    () => [ops.addUnique('users', ['email'])],
    ['constraint users.users_email_key UNIQUE', 'index users.users_email_key (email) unique'],
    [],
  ],
  [
    'addForeignKey',
    () => [ops.addForeignKey('users', ['team'], { table: 'teams', columns: ['id'] }, { onDelete: 'set null' })],
    [
      'constraint users.users_team_fkey FOREIGN KEY',
      'foreign key users_team_fkey to teams on delete SET NULL',
      'index users.users_team_fkey (team)',
    ],
    [],
  ],
  [
    'addColumn, with an index and a foreign key that hold the column',
    () => [
      ops.addColumn('users', 'lead', 'int'),
      ops.createIndex('users', ['lead', 'email']),
      ops.addForeignKey('users', ['lead'], { table: 'teams', columns: ['id'] }),
      sql`ALTER TABLE users ADD COLUMN code varchar(9) UNIQUE`,
    ],
    [
      'column users.code varchar(9) null',
      'column users.lead int null',
      'constraint users.users_code_key UNIQUE',
      'constraint users.users_lead_fkey FOREIGN KEY',
      'foreign key users_lead_fkey to teams on delete NO ACTION',
      'index users.users_code_key (code) unique',
      'index users.users_lead_email_idx (lead, email)',
    ],
    [],
  ],
  [
    'setNotNull',
    () => [ops.setNotNull('users', 'plan')],
    ['column users.plan varchar(9) not null default free'],
    ['column users.plan varchar(9) null default free'],
  ],
  [
    'createTable',
    () => [
      ops.createTable('posts', (t) => {
        t.integer('id').primary()
        t.integer('author')
        t.integer('stars').defaultTo(5)
      }),
      ops.createIndex('posts', ['author']),
      ops.addForeignKey('posts', ['author'], { table: 'users', columns: ['id'] }),
      ops.addCheck('posts', sql`stars <= ${5}`),
    ],
    [
      'column posts.author int null',
      'column posts.id int not null',
      'column posts.stars int null default 5',
      'constraint posts.PRIMARY PRIMARY KEY',
      'constraint posts.posts_author_fkey FOREIGN KEY',
      'constraint posts.posts_stars_check CHECK',
      'foreign key posts_author_fkey to users on delete NO ACTION',
      'index posts.PRIMARY (id) unique',
      'index posts.posts_author_idx (author)',
    ],
    [],
  ],
]

const ONE_WAY: readonly Case[] = [
  ['dropColumn', () => [ops.dropColumn('users', 'plan')], [], ['column users.plan varchar(9) null default free']],
  [
    'setDefault',
    () => [ops.setDefault('users', 'plan', "it's \\")],
    ["column users.plan varchar(9) null default it's \\"],
    ['column users.plan varchar(9) null default free'],
  ],
  [
    'dropDefault',
    () => [ops.dropDefault('users', 'note')],
    ['column users.note varchar(30) not null comment kept'],
    ["column users.note varchar(30) not null default it's comment kept"],
  ],
  ['dropIndex', () => [ops.dropIndex('users_old_idx', { table: 'users' })], [], ['index users.users_old_idx (old)']],
  [
    'dropNotNull, which keeps default and comment',
    () => [ops.dropNotNull('users', 'note')],
    ["column users.note varchar(30) null default it's comment kept"],
    ["column users.note varchar(30) not null default it's comment kept"],
  ],
  [
    'dropConstraint of a check and of a unique key',
    () => [ops.dropConstraint('users', 'has_id'), ops.dropConstraint('users', 'by_mail')],
    [],
    ['constraint users.by_mail UNIQUE', 'constraint users.has_id CHECK', 'index users.by_mail (email, id) unique'],
  ],
  [
    'dropTable',
    () => [ops.dropTable('teams')],
    [],
    ['column teams.id int not null', 'constraint teams.PRIMARY PRIMARY KEY', 'index teams.PRIMARY (id) unique'],
  ],
  [
    'alterTable',
    () => [ops.alterTable('users', 'ALTER note DROP DEFAULT, ALTER COLUMN email SET NOT NULL, ADD INDEX (team)')],
    [
      'column users.email varchar(50) not null',
      'column users.note varchar(30) not null comment kept',
      'index users.users_team_idx (team)',
    ],
    ['column users.email varchar(50) null', "column users.note varchar(30) not null default it's comment kept"],
  ],
]

describeOnEveryMysql('operations', (server) => {
  const dialect = server.family === 'mysql' ? mysqlDialect : mariadbDialect

  async function compile(expand: List) {
    const definition = defineMigration({ expand })
    const migration = { format: 'typescript', name: '20261122093000_ops', file: 'ops.ts', definition } as const
    return dialect.compile(migration, { serverVersion: server.version, batchSize: 1000, batchTime: 250 })
  }

  async function withTables(): Promise<MysqlDatabase> {
    const db = await createDatabase(server)
    for (const table of TABLES) await db.query(table)
    return db
  }

  /** Columns, indexes and constraints as the catalog has them, without what the two servers show differently. */
  async function catalog(db: MysqlDatabase): Promise<readonly string[]> {
    const rows = await db.query<{ line: string }>(`
      SELECT CONCAT('column ', TABLE_NAME, '.', COLUMN_NAME, ' ', DATA_TYPE,
        COALESCE(CONCAT('(', CHARACTER_MAXIMUM_LENGTH, ')'), ''), IF(IS_NULLABLE = 'YES', ' null', ' not null'),
        COALESCE(CONCAT(' default ', NULLIF(REPLACE(REPLACE(TRIM(BOTH '''' FROM COLUMN_DEFAULT), '''''', ''''), '\\\\\\\\', '\\\\'), 'NULL')), ''),
        IF(COLUMN_COMMENT = '', '', CONCAT(' comment ', COLUMN_COMMENT))) AS line
      FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
      UNION ALL
      SELECT CONCAT('index ', TABLE_NAME, '.', INDEX_NAME, ' (', GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX SEPARATOR ', '), ')',
        IF(MAX(NON_UNIQUE) = 0, ' unique', ''))
      FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() GROUP BY TABLE_NAME, INDEX_NAME
      UNION ALL
      SELECT CONCAT('constraint ', TABLE_NAME, '.', CONSTRAINT_NAME, ' ', CONSTRAINT_TYPE)
      FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = DATABASE()
      UNION ALL
      SELECT CONCAT('foreign key ', CONSTRAINT_NAME, ' to ', REFERENCED_TABLE_NAME, ' on delete ', REPLACE(DELETE_RULE, 'RESTRICT', 'NO ACTION'))
      FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()`)
    return rows.map(({ line }) => line).sort()
  }

  async function connected(db: MysqlDatabase): Promise<AnyConnection> {
    const connection = await db.open()
    await connection.query(SETTINGS)
    return connection
  }

  /** Runs a step as it says that it runs. */
  async function run(connection: AnyConnection, { statement, execution }: CompiledStep): Promise<void> {
    if (execution.adopts === true && (await answer(connection, execution.probe)) === 'done') return
    expect(await answer(connection, execution.precondition)).toBeUndefined()
    const session = { query: connection.query } as unknown as Session
    const text = execution.fromCatalog === true ? await completeStatement(session, statement) : statement
    if (execution.setting !== undefined) await connection.query(execution.setting.on)
    const rows = await connection.query(text)
    if (execution.setting !== undefined) await connection.query(execution.setting.off)
    if (execution.mustBeEmpty === true) expect(rows).toEqual([])
  }

  async function answer(connection: AnyConnection, query: string | undefined): Promise<unknown> {
    return query === undefined ? undefined : Object.values((await connection.query(query))[0] ?? {})[0]
  }

  async function apply(db: MysqlDatabase, steps: readonly CompiledStep[]): Promise<void> {
    const connection = await connected(db)
    for (const step of steps) await run(connection, step)
  }

  /** Reads and writes until `work` is done; any error of theirs fails it. Says how many ms the slowest round took. */
  async function besideTraffic(db: MysqlDatabase, work: () => Promise<void>): Promise<number> {
    let over = false
    let slowest = 0
    const go = async (statement: (round: number) => string): Promise<void> => {
      const client = await db.open()
      for (let round = 0; !over || round < 5; round++) {
        const started = performance.now()
        await client.query(statement(round))
        slowest = Math.max(slowest, performance.now() - started)
        await sleep(1)
      }
    }
    const clients = Promise.all([
      go((round) => `SELECT email, team FROM users WHERE id = ${(round % 500) + 1}`),
      go((round) => `UPDATE users SET team = 1, email = 'r${round}' WHERE id = ${(round % 500) + 1}`),
      go((round) => `INSERT INTO users (id, email, team, note) VALUES (${1000 + round}, 'n${round}', 1, 'new')`),
    ])
    const done = async (): Promise<void> => {
      await sleep(20)
      await work()
    }
    await Promise.all([clients, done().finally(() => (over = true))])
    return slowest
  }

  test.each([...BOTH_WAYS, ...ONE_WAY])(
    '%s changes the catalog as it says and nothing else, beside traffic that goes on',
    async (_, expand, adds, removes) => {
      const db = await withTables()
      const before = await catalog(db)
      const { units } = await compile(expand)
      const slowest = await besideTraffic(db, () => apply(db, units.expand!.steps))
      const after = await catalog(db)
      expect(after.filter((line) => !before.includes(line))).toEqual(adds)
      expect(before.filter((line) => !after.includes(line))).toEqual(removes)
      expect(slowest).toBeLessThan(1000)
    },
  )

  test.each(BOTH_WAYS)('%s is undone by its revert, also where it was undone before', async (_, expand) => {
    const db = await withTables()
    const before = await catalog(db)
    const { units, revert } = await compile(expand)
    await apply(db, units.expand!.steps)
    if (!revert.possible) throw new Error(revert.reason)
    for (let time = 0; time < 2; time++) {
      await apply(db, revert.steps)
      expect(await catalog(db)).toEqual(before)
    }
  })

  test.each([...BOTH_WAYS, ...ONE_WAY])('%s tells by its probes what became of each step', async (_, expand) => {
    const db = await withTables()
    const connection = await connected(db)
    for (const step of (await compile(expand)).units.expand!.steps) {
      const { mode, probe, fromCatalog } = step.execution
      if (mode === 'transaction') continue
      expect(await answer(connection, probe)).toBe('absent')
      await run(connection, step)
      // What is simply run again says so before and after.
      const repeats = probe === "SELECT 'absent'"
      expect(await answer(connection, probe)).toBe(repeats ? 'absent' : 'done')
      if (repeats && fromCatalog !== true) await run(connection, step)
    }
  })

  describe('a foreign key', () => {
    const expand: List = () => [ops.addForeignKey('users', ['team'], { table: 'teams', columns: ['id'] })]

    test('stops at rows without a parent, and refuses new ones meanwhile', async () => {
      const db = await withTables()
      await db.query('UPDATE users SET team = 9 WHERE id = 7')
      const [add, check] = (await compile(expand)).units.expand!.steps
      const connection = await connected(db)
      await run(connection, add!)
      expect(await connection.query(check!.statement)).toEqual([{ team: 9 }])
      await expect(connection.query('UPDATE users SET team = 8 WHERE id = 1')).rejects.toThrow(/foreign key/)
      await db.query('UPDATE users SET team = NULL WHERE id = 7')
      expect(await connection.query(check!.statement)).toEqual([])
    })

    test.each([
      ['is not there', 'absent'],
      ['is a view', 'a_view'],
      ['is no table of InnoDB', 'other_engine'],
      ['is partitioned', 'parts'],
    ])('is not added where the referenced table %s, which the server would take', async (_, parent) => {
      const db = await withTables()
      await db.query('CREATE VIEW a_view AS SELECT id FROM teams')
      await db.query('CREATE TABLE other_engine (id int PRIMARY KEY) ENGINE=MyISAM')
      await db.query('CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2')
      const { units } = await compile(() => [ops.addForeignKey('users', ['team'], { table: parent, columns: ['id'] })])
      const [add] = units.expand!.steps
      const reason = await answer(await connected(db), add!.execution.precondition)
      expect(reason).toMatch(new RegExp(`no plain InnoDB table ${parent} that users could reference`))
    })

    test('is not added where an index has its name, which its revert would drop', async () => {
      const db = await withTables()
      await db.query('CREATE INDEX users_team_fkey ON users (team)')
      const [add] = (await compile(expand)).units.expand!.steps
      const connection = await connected(db)
      const precondition = add!.execution.precondition
      expect(await answer(connection, precondition)).toMatch(/^users has an index users_team_fkey already/)
      await db.query('DROP INDEX users_team_fkey ON users')
      expect(await answer(connection, precondition)).toBeUndefined()
      await run(connection, add!)
      expect(await answer(connection, precondition)).toBeUndefined()
    })

    test('takes the index that is there already, and its revert leaves that alone', async () => {
      const db = await withTables()
      await db.query('CREATE INDEX mine ON users (team)')
      const before = await catalog(db)
      const { units, revert } = await compile(expand)
      await apply(db, units.expand!.steps)
      expect((await catalog(db)).filter((line) => line.startsWith('index'))).toEqual(
        before.filter((line) => line.startsWith('index')),
      )
      if (revert.possible) await apply(db, revert.steps)
      expect(await catalog(db)).toEqual(before)
    })
  })

  test('a column with NULL in it stays as it is', async () => {
    const db = await withTables()
    await db.query('UPDATE users SET plan = NULL WHERE id = 3')
    const before = await catalog(db)
    const { units } = await compile(() => [ops.setNotNull('users', 'plan')])
    await expect(apply(db, units.expand!.steps)).rejects.toThrow(/null|truncated/i)
    expect(await catalog(db)).toEqual(before)
    expect(await db.query('SELECT plan FROM users WHERE id = 3')).toEqual([{ plan: null }])
  })

  test('a column of a unique index over several is not taken out of it', async () => {
    const db = await withTables()
    const precondition = async (list: List) =>
      answer(await connected(db), (await compile(list)).units.expand!.steps[0]!.execution.precondition)
    // by_mail is UNIQUE (email, id): without id no two users could have one address.
    expect(await precondition(() => [ops.dropColumn('users', 'ID')])).toMatch(
      /^index by_mail of users is unique over \(email, id\), and would be over fewer columns/,
    )
    expect(await precondition(() => [ops.dropColumn('users', 'note')])).toBeUndefined()
    await db.query('UPDATE users SET team = NULL')
    await db.query('CREATE UNIQUE INDEX alone ON users (team)')
    expect(await precondition(() => [ops.dropColumn('users', 'team')])).toBeUndefined()
    const together = 'ALTER TABLE users DROP COLUMN email, DROP INDEX by_mail, LOCK=NONE'
    expect(await precondition(() => [sql.verbatim`${sql.raw(together)}`])).toBeUndefined()
  })

  test('a column that an index holds is not dropped by a rebuild without a word', async () => {
    const db = await withTables()
    const { units } = await compile(() => [ops.dropColumn('users', 'old')])
    await expect(apply(db, units.expand!.steps)).rejects.toThrow(/INSTANT/)
    const both = await compile(() => [
      ops.dropIndex('users_old_idx', { table: 'users' }),
      ops.dropColumn('users', 'old'),
    ])
    await apply(db, both.units.expand!.steps)
    expect(await catalog(db)).not.toContain(expect.stringContaining('users.old'))
  })
})

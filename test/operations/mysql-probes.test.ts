import { createMadeObjects } from '@phasegate/core'
import { expect, test } from 'vitest'
import { stepExecution } from '../../packages/mysql/dist/compile/step-execution.js'
import { parseStatements } from '../../packages/mysql/dist/parse/parse-statements.js'
import { readFacts } from '../../packages/mysql/dist/parse/read-facts.js'
import { capabilitiesOf } from '../../packages/mysql/dist/server/capabilities.js'
import { mysqlServer } from '../../packages/mysql/dist/server/mysql-server.js'
import { createDatabase, describeOnEveryMysql, type MysqlDatabase } from '../support/servers.js'

const TABLES = [
  'CREATE TABLE teams (id int PRIMARY KEY)',
  `CREATE TABLE users (id int PRIMARY KEY, email varchar(50), team int, old int, plan varchar(9) NOT NULL,
     UNIQUE INDEX by_mail (email), INDEX by_old (old), CONSTRAINT positive CHECK (team > 0))`,
  'CREATE TABLE posts (id int PRIMARY KEY, author int, CONSTRAINT written_by FOREIGN KEY (author) REFERENCES users (id))',
  'CREATE VIEW v AS SELECT id FROM users',
  'CREATE TRIGGER tr BEFORE INSERT ON teams FOR EACH ROW SET NEW.id = NEW.id',
  'CREATE PROCEDURE p() SELECT 1',
]

describeOnEveryMysql('the probe', (server) => {
  const can = capabilitiesOf(mysqlServer(server.family, server.version))

  function executionOf(text: string) {
    const [statement] = parseStatements(text, 'm.sql')
    return stepExecution(statement!, readFacts(statement!, createMadeObjects(), can), can)
  }

  async function withTables(): Promise<MysqlDatabase> {
    const db = await createDatabase(server)
    for (const table of TABLES) await db.query(table)
    return db
  }

  async function ask(db: MysqlDatabase, probe: string | undefined): Promise<unknown> {
    const rows = await db.query(probe!)
    expect(rows).toHaveLength(1)
    return Object.values(rows[0]!)[0]
  }

  test.each([
    'ALTER TABLE users ADD COLUMN a int',
    'ALTER TABLE users ADD COLUMN `Größe ``x``` int, ADD COLUMN b int',
    'ALTER TABLE users DROP COLUMN plan',
    'ALTER TABLE users RENAME COLUMN plan TO tariff',
    'ALTER TABLE users CHANGE plan tariff varchar(9)',
    'ALTER TABLE users ADD INDEX i (email, team)',
    'CREATE UNIQUE INDEX i ON users (team, email)',
    'ALTER TABLE users DROP INDEX by_old',
    'DROP INDEX by_old ON users',
    'ALTER TABLE users RENAME INDEX by_old TO by_new',
    'ALTER TABLE users DROP INDEX by_old, ADD INDEX by_old (old, team)',
    'ALTER TABLE users DROP PRIMARY KEY, ADD PRIMARY KEY (id, plan)',
    'ALTER TABLE users ADD CONSTRAINT to_team FOREIGN KEY (team) REFERENCES teams (id)',
    'ALTER TABLE posts DROP FOREIGN KEY written_by',
    'ALTER TABLE posts DROP CONSTRAINT written_by',
    'ALTER TABLE users ADD CONSTRAINT more CHECK (team > 1)',
    'ALTER TABLE users DROP CONSTRAINT positive',
    'ALTER TABLE users DROP CONSTRAINT by_mail',
    'ALTER TABLE users RENAME TO people',
    'ALTER TABLE users ADD COLUMN c int, ALTER COLUMN plan SET DEFAULT 1, COMMENT = "x"',
    'CREATE TABLE t (id int)',
    'DROP TABLE posts',
    'RENAME TABLE users TO users_old',
    'RENAME TABLE teams TO teams_old, users TO teams',
    'CREATE TRIGGER tr2 BEFORE INSERT ON users FOR EACH ROW SET NEW.team = 1',
    'DROP TRIGGER tr',
    'CREATE VIEW v2 AS SELECT 1 AS one',
    'DROP VIEW v',
    'CREATE PROCEDURE p2() SELECT 1',
    'DROP PROCEDURE p',
  ])('of %s says absent before and done after', async (text) => {
    const db = await withTables()
    const { probe, mode, adopts } = executionOf(text)
    expect({ mode, adopts }).toEqual({ mode: 'alone', adopts: undefined })
    // What is not dropped may not be referenced.
    if (/PRIMARY KEY,|RENAME (TABLE|TO)|users TO/.test(text))
      await db.query('ALTER TABLE posts DROP FOREIGN KEY written_by')
    expect(await ask(db, probe)).toBe('absent')
    await db.query(text)
    expect(await ask(db, probe)).toBe('done')
  })

  test.each(['NOT NULL', 'NULL'])(
    'of MODIFY … <definition> %s asks whether NULL may stand there',
    async (nullability) => {
      const db = await withTables()
      await db.query(`ALTER TABLE users MODIFY COLUMN plan varchar(9) ${nullability === 'NULL' ? 'NOT NULL' : 'NULL'}`)
      const { probe, fromCatalog } = executionOf(`ALTER TABLE users MODIFY COLUMN plan <definition> ${nullability}`)
      expect(fromCatalog).toBe(true)
      expect(await ask(db, probe)).toBe('absent')
      await db.query(`ALTER TABLE users MODIFY COLUMN plan varchar(9) ${nullability}`)
      expect(await ask(db, probe)).toBe('done')
    },
  )

  test.each([
    'ALTER TABLE users ALTER COLUMN plan SET DEFAULT 1',
    'ALTER TABLE users ALTER COLUMN plan DROP DEFAULT',
    'ALTER TABLE users MODIFY plan varchar(20) NOT NULL',
    'ALTER TABLE users ENGINE = InnoDB',
    'CREATE OR REPLACE VIEW v AS SELECT 2 AS two',
    'DROP TRIGGER IF EXISTS tr',
    'DROP TABLE IF EXISTS posts',
  ])('of %s says that it is simply run again', async (text) => {
    const db = await withTables()
    const { probe } = executionOf(text)
    for (let time = 0; time < 2; time++) {
      expect(await ask(db, probe)).toBe('absent')
      await db.query(text)
    }
  })

  test.each(['ALTER TABLE users ADD INDEX (team)', 'TRUNCATE TABLE posts', 'ALTER TABLE users ADD CHECK (id > 0)'])(
    'is left out for %s, of which the catalog says nothing',
    (text) => {
      const { mode, probe } = executionOf(text)
      expect({ mode, probe }).toEqual({ mode: 'alone', probe: undefined })
    },
  )

  test('says conflict where one clause has happened and the other has not', async () => {
    const db = await withTables()
    const { probe } = executionOf('ALTER TABLE users ADD COLUMN a int, DROP COLUMN plan')
    await db.query('ALTER TABLE users ADD COLUMN a int')
    expect(await ask(db, probe)).toMatch(/^conflict: a part/)
  })

  test('tells an index on other columns, and one that is not unique, from the one that is meant', async () => {
    const db = await withTables()
    for (const other of ['(old)', '(team, old)', '(old, team, id)']) {
      await db.query(`CREATE INDEX i ON users ${other}`)
      expect(await ask(db, executionOf('CREATE INDEX i ON users (old, team)').probe)).toBe('absent')
      await db.query('DROP INDEX i ON users')
    }
    await db.query('CREATE INDEX i ON users (old, team)')
    expect(await ask(db, executionOf('CREATE UNIQUE INDEX i ON users (old, team)').probe)).toBe('absent')
  })

  test('looks into the database that the statement names', async () => {
    const db = await withTables()
    const text = `ALTER TABLE ${db.name}.users ADD COLUMN a int`
    await db.query(text)
    const elsewhere = await createDatabase(server)
    expect(await ask(elsewhere, executionOf(text).probe)).toBe('done')
    expect(await ask(elsewhere, executionOf('ALTER TABLE users ADD COLUMN a int').probe)).toBe('absent')
  })

  test('of DROP … IF EXISTS is asked first, and takes what is not there as dropped', async () => {
    const db = await withTables()
    for (const what of ['COLUMN nosuch', 'INDEX nosuch', 'FOREIGN KEY nosuch', 'CONSTRAINT nosuch']) {
      const { probe, adopts } = executionOf(`ALTER TABLE users DROP ${what.replace(' nosuch', ' IF EXISTS nosuch')}`)
      expect(adopts).toBe(true)
      expect(await ask(db, probe)).toBe('done')
    }
  })
})

describeOnEveryMysql('how a statement runs', (server) => {
  const can = capabilitiesOf(mysqlServer(server.family, server.version))
  const executionOf = (text: string) => {
    const [statement] = parseStatements(text, 'm.sql')
    return stepExecution(statement!, readFacts(statement!, createMadeObjects(), can), can)
  }

  test('DML shares a transaction with its journal row, and a query of ours must find nothing', () => {
    expect(executionOf('UPDATE users SET a = 1')).toEqual({ mode: 'transaction', timeouts: 'online' })
    expect(executionOf('SELECT /* must find nothing */ a FROM users')).toMatchObject({
      mode: 'transaction',
      mustBeEmpty: true,
    })
    expect(executionOf('SELECT a FROM users')).not.toHaveProperty('mustBeEmpty')
  })

  test('a foreign key whose rows are checked later has the checks of the server off', () => {
    const marked =
      'ALTER TABLE a ADD /* rows are checked by the next step */ CONSTRAINT k FOREIGN KEY (b) REFERENCES c (d)'
    expect(executionOf(marked).setting).toEqual({
      on: 'SET SESSION foreign_key_checks = 0',
      off: 'SET SESSION foreign_key_checks = 1',
    })
    expect(executionOf('ALTER TABLE a ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES c (d)')).not.toHaveProperty('setting')
  })

  test('an instant change of columns asks for the row versions that are left', async () => {
    const { precondition } = executionOf('ALTER TABLE `a b` ADD COLUMN c int, ALGORITHM=INSTANT')
    expect(precondition === undefined).toBe(server.family === 'mariadb')
    expect(executionOf('ALTER TABLE a RENAME COLUMN b TO c, ALGORITHM=INSTANT')).not.toHaveProperty('precondition')
    if (precondition === undefined) return
    const db = await createDatabase(server)
    await db.query('CREATE TABLE `a b` (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2')
    const answer = async (query: string): Promise<unknown[]> => Object.values((await db.query(query))[0] ?? {})
    await db.query('ALTER TABLE `a b` ADD COLUMN c int, ALGORITHM=INSTANT')
    expect(await answer(precondition)).toEqual([])
    const limit = can.rowVersions!
    const used = precondition.replace(`>= ${limit}`, '>= 1')
    expect(await answer(used)).toEqual([expect.stringContaining(`has had all its instant changes (1 of ${limit})`)])
  })
})

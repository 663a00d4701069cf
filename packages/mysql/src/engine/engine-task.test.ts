import { createMadeObjects } from '@phasegate/core'
import { describe, expect, test } from 'vitest'
import { asItRuns } from '../parse/as-it-runs.js'
import { parseStatements } from '../parse/parse-statements.js'
import { capabilitiesOf } from '../server/capabilities.js'
import { type Flavour, mysqlServer } from '../server/mysql-server.js'
import { engineTask } from './engine-task.js'

function taskOf(text: string, flavour: Flavour = 'mysql', version = '9.7.4') {
  const can = capabilitiesOf(mysqlServer(flavour, version))
  const [statement] = parseStatements(text, 'test.sql')
  return engineTask(asItRuns(statement!, createMadeObjects(), false, can), can)
}

test('takes the clauses as they are written, without what is said to the server', () => {
  expect(
    taskOf("ALTER TABLE shop.users ADD COLUMN note varchar(9) DEFAULT ', ALGORITHM=COPY', ADD INDEX by_note (note)"),
  ).toMatchObject({
    table: { schema: 'shop', name: 'users' },
    alter: "ADD COLUMN note varchar(9) DEFAULT ', ALGORITHM=COPY', ADD INDEX by_note (note)",
    traits: [],
    native: 'in place',
  })
})

test('knows how the server would do it at best', () => {
  const native = (text: string, version?: string): string | undefined => taskOf(text, 'mysql', version)?.native
  expect(native('ALTER TABLE users ADD COLUMN note text')).toBe('instant')
  expect(native('ALTER TABLE users DROP COLUMN note', '8.0.28')).toBe('in place')
  expect(native('ALTER TABLE users CONVERT TO CHARACTER SET utf8mb4')).toBe('copy')
  expect(native('ALTER TABLE users MODIFY note varchar(9)')).toBe('copy')
  expect(native('CREATE INDEX by_note ON users (note)')).toBe('in place')
})

test('an index is built by its clause', () => {
  expect(taskOf("CREATE UNIQUE INDEX `by note` USING BTREE ON users (note(10), id DESC) COMMENT 'x'")).toMatchObject({
    alter: "ADD UNIQUE INDEX `by note` USING BTREE (note(10), id DESC) COMMENT 'x'",
    traits: ['adds unique key'],
  })
})

test('asks the server for a MODIFY first, in ways that it refuses instead of copying', () => {
  expect(taskOf('ALTER TABLE users MODIFY note varchar(9)')).toMatchObject({
    instantly: 'ALTER TABLE users MODIFY note varchar(9), ALGORITHM=INSTANT',
    inPlace: 'ALTER TABLE users MODIFY note varchar(9), ALGORITHM=INPLACE, LOCK=NONE',
  })
  expect(taskOf('ALTER TABLE users ADD COLUMN note text')?.instantly).toBeUndefined()
})

describe('says what an engine could lose by', () => {
  test.each([
    ['ADD UNIQUE (email)', 'adds unique key'],
    ['ADD COLUMN code int UNIQUE', 'adds unique key'],
    ['ADD FOREIGN KEY (team) REFERENCES teams (id)', 'adds foreign key'],
    ['DROP FOREIGN KEY users_team', 'drops foreign key'],
    ['DROP PRIMARY KEY, ADD PRIMARY KEY (code)', 'changes primary key'],
    ['CHANGE a b int', 'renames column'],
    ['RENAME COLUMN a TO b', 'renames column'],
    ['MODIFY a int NOT NULL', 'sets not null'],
    ['RENAME TO people', 'renames table'],
    ['DROP PARTITION p0', 'changes partitions'],
  ])('%s: %s', (clause, trait) => {
    expect(taskOf(`ALTER TABLE users ${clause}`)?.traits).toContain(trait)
  })
})

test('has a probe only where the catalog tells what became of it', () => {
  expect(taskOf('ALTER TABLE users ADD COLUMN note text')?.probe).toMatch(/^SELECT CASE WHEN/)
  expect(taskOf('ALTER TABLE users MODIFY note varchar(9)')?.probe).toBeUndefined()
  expect(taskOf('ALTER TABLE users FORCE')?.probe).toBeUndefined()
})

test.each([
  'ALTER TABLE users MODIFY note varchar(9), ALGORITHM=INPLACE, LOCK=NONE',
  'UPDATE users SET a = 1',
  'DROP TABLE users',
  'ALTER TABLE users MODIFY COLUMN note <definition> NOT NULL',
])('nothing is for an engine in %s', (text) => {
  expect(taskOf(text)).toBeUndefined()
})

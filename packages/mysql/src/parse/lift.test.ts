import { createMadeObjects, isSqlFragment, type Lifted, type Operation, renderSql } from '@phasegate/core'
import { describe, expect, it } from 'vitest'
import { mysqlQuoting } from '../quoting.js'
import { capabilitiesOf } from '../server/capabilities.js'
import { mysqlServer } from '../server/mysql-server.js'
import { lift } from './lift.js'
import { parseStatements } from './parse-statements.js'
import { readFacts } from './read-facts.js'

const mysql = capabilitiesOf(mysqlServer('mysql', '9.7.4'))
const mariadb = capabilitiesOf(mysqlServer('mariadb', '10.11.19'))

/** What the last statement becomes; those before it are of the same file. */
function lifted(sql: string, can = mysql): readonly (string | Record<string, unknown>)[] | undefined {
  const made = createMadeObjects()
  const statements = parseStatements(sql, 'm.sql')
  for (const statement of statements.slice(0, -1)) made.record(readFacts(statement, made, can).changes)
  return lift(statements.at(-1)!, made, can)?.map(shown)
}

function shown(part: Lifted): string | Record<string, unknown> {
  return 'statement' in part ? part.statement : plain(part.operation)
}

/** Fragments as their text. */
function plain(operation: Operation): Record<string, unknown> {
  const render = (value: unknown): unknown =>
    isSqlFragment(value) ? `sql ${renderSql(value, mysqlQuoting)}` : Array.isArray(value) ? value.map(render) : value
  return Object.fromEntries(Object.entries(operation).map(([key, value]) => [key, render(value)]))
}

const t = { table: 't' }

const LIFTED: readonly [string, ...(string | Record<string, unknown>)[]][] = [
  ['ALTER TABLE t ALTER COLUMN a SET NOT NULL', { kind: 'setNotNull', ...t, column: 'a' }],
  [
    'ALTER TABLE `S`.`T` ALTER a DROP NOT NULL',
    { kind: 'dropNotNull', table: { schema: 'S', table: 'T' }, column: 'a' },
  ],
  ["ALTER TABLE t ALTER a SET DEFAULT 'x' -- end", { kind: 'setDefault', ...t, column: 'a', default: "sql 'x'" }],
  ['ALTER TABLE t ALTER a DROP DEFAULT', { kind: 'dropDefault', ...t, column: 'a' }],
  ['ALTER TABLE t DROP a', { kind: 'dropColumn', ...t, column: 'a' }],
  ['ALTER TABLE t DROP CONSTRAINT k', { kind: 'dropConstraint', ...t, name: 'k' }],
  ['ALTER TABLE t DROP KEY k', { kind: 'dropIndex', ...t, name: 'k' }],
  [
    'ALTER TABLE t ADD COLUMN a decimal(10, 2) unsigned',
    { kind: 'addColumn', ...t, column: 'a', type: 'decimal(10, 2) unsigned' },
  ],
  [
    "ALTER TABLE t ADD a varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT 'x'",
    {
      kind: 'addColumn',
      ...t,
      column: 'a',
      type: 'varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
      default: "sql 'x'",
      notNull: true,
    },
  ],
  [
    'ALTER TABLE t ADD a timestamp(6) NULL DEFAULT CURRENT_TIMESTAMP(6)',
    { kind: 'addColumn', ...t, column: 'a', type: 'timestamp(6)', default: 'sql CURRENT_TIMESTAMP(6)' },
  ],
  [
    'ALTER TABLE t ADD a int UNIQUE',
    { kind: 'addColumn', ...t, column: 'a', type: 'int' },
    { kind: 'addUnique', ...t, columns: ['a'] },
  ],
  [
    "ALTER TABLE t ADD a int COMMENT 'after b' CONSTRAINT k CHECK (a > 0) REFERENCES r (id) ON DELETE CASCADE AFTER `c d`",
    "ALTER TABLE t ADD COLUMN a int COMMENT 'after b' AFTER `c d`",
    { kind: 'addCheck', ...t, check: 'sql a > 0', name: 'k' },
    { kind: 'addForeignKey', ...t, columns: ['a'], references: { table: 'r', columns: ['id'] }, onDelete: 'cascade' },
  ],
  [
    'ALTER TABLE t ADD a int REFERENCES r',
    { kind: 'addColumn', ...t, column: 'a', type: 'int' },
    'ALTER TABLE t ADD FOREIGN KEY (`a`) REFERENCES r',
  ],
  [
    'ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0 AND f(b, c))',
    { kind: 'addCheck', ...t, check: 'sql a > 0 AND f(b, c)', name: 'k' },
  ],
  [
    'ALTER TABLE t ADD FOREIGN KEY fk (a, b) REFERENCES s.r (x, y) ON DELETE CASCADE ON UPDATE SET NULL',
    {
      kind: 'addForeignKey',
      ...t,
      columns: ['a', 'b'],
      references: { table: { schema: 's', table: 'r' }, columns: ['x', 'y'] },
      name: 'fk',
      onDelete: 'cascade',
      onUpdate: 'set null',
    },
  ],
  ['ALTER TABLE t ADD CONSTRAINT u UNIQUE (a, `B`)', { kind: 'addUnique', ...t, columns: ['a', 'B'], name: 'u' }],
  ['ALTER TABLE t DROP CONSTRAINT k', { kind: 'dropConstraint', ...t, name: 'k' }],
  [
    'CREATE UNIQUE INDEX i ON s.t (a, b)',
    { kind: 'createIndex', table: { schema: 's', table: 't' }, columns: ['a', 'b'], name: 'i', unique: true },
  ],
  ['DROP INDEX i ON t', { kind: 'dropIndex', name: 'i', ...t }],
  ['DROP TABLE s.t', { kind: 'dropTable', table: { schema: 's', table: 't' } }],
]

describe('lift', () => {
  it.each(LIFTED)('%s', (sql, ...expected) => {
    expect(lifted(sql)).toEqual(expected)
  })

  it.each([
    'ALTER TABLE IF EXISTS t ADD a int',
    'ALTER TABLE `a.b` ADD a int',
    'ALTER TABLE t ADD a int, ALGORITHM=INPLACE',
    'ALTER TABLE t ADD INDEX i (a), LOCK=SHARED',
    'ALTER TABLE t DROP COLUMN IF EXISTS a',
    'ALTER TABLE t MODIFY a bigint',
    'ALTER TABLE t MODIFY COLUMN a <definition> NOT NULL',
    'ALTER TABLE t ADD COLUMN a int DEFAULT (1 + 1)',
    'ALTER TABLE t ADD COLUMN a int FIRST',
    'ALTER TABLE t ADD COLUMN a int NOT NULL',
    'ALTER TABLE t ADD COLUMN a int AUTO_INCREMENT PRIMARY KEY',
    'ALTER TABLE t ADD COLUMN a int AS (b + 1) VIRTUAL',
    "ALTER TABLE t ADD COLUMN a int COMMENT 'x'",
    'ALTER TABLE t ADD CHECK (a > 0) NOT ENFORCED',
    'ALTER TABLE t ADD INDEX i (a(10))',
    'ALTER TABLE t ADD INDEX i (a DESC)',
    'ALTER TABLE t ADD INDEX i USING BTREE (a)',
    'ALTER TABLE t DROP CHECK k',
    'ALTER TABLE t ADD INDEX i ((lower(a)))',
    'ALTER TABLE t ADD INDEX i (a) INVISIBLE',
    'ALTER TABLE t ADD FULLTEXT INDEX i (a)',
    'ALTER TABLE t ADD PRIMARY KEY (a)',
    'ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (a)',
    'ALTER TABLE t DROP INDEX `PRIMARY`, ADD PRIMARY KEY (a)',
    'ALTER TABLE t DROP PRIMARY KEY, ADD a bigint AUTO_INCREMENT PRIMARY KEY FIRST',
    'ALTER TABLE t ADD a bigint NOT NULL AUTO_INCREMENT, ADD UNIQUE (A)',
    'ALTER TABLE t MODIFY a bigint NOT NULL AUTO_INCREMENT, ADD PRIMARY KEY (a)',
    'ALTER TABLE t DROP FOREIGN KEY f',
    'ALTER TABLE t DROP INDEX i, ADD INDEX i (a, b)',
    'ALTER TABLE t RENAME COLUMN a TO b, ADD a int, ADD INDEX (a)',
    'ALTER TABLE t DROP PARTITION p0',
    'ALTER TABLE t RENAME TO u',
    'CREATE INDEX IF NOT EXISTS i ON t (a)',
    'CREATE INDEX i ON t (a) LOCK=NONE',
    'DROP INDEX IF EXISTS i ON t',
    'DROP TABLE a, b',
    'DROP TABLE IF EXISTS a',
    'CREATE TABLE n (a int)',
    'UPDATE t SET a = 1',
  ])('leaves %s as it is', (sql) => {
    expect(lifted(sql)).toBeUndefined()
  })

  it('takes an ALTER TABLE apart whose clauses need different algorithms: new indexes first, old ones and columns last', () => {
    const sql = `ALTER TABLE s.t
      DROP COLUMN d, -- one
      DROP INDEX i,
      DROP FOREIGN KEY f, /* two, three */
      ADD INDEX j (a, b DESC),
      ADD COLUMN b int AFTER a,
      ALTER a SET NOT NULL`
    const table = { schema: 's', table: 't' }
    expect(lifted(sql)).toEqual([
      'ALTER TABLE s.t DROP FOREIGN KEY f',
      'ALTER TABLE s.t ADD COLUMN b int AFTER a',
      'ALTER TABLE s.t ADD INDEX j (a, b DESC)',
      { kind: 'setNotNull', table, column: 'a' },
      { kind: 'dropIndex', table, name: 'i' },
      { kind: 'dropColumn', table, column: 'd' },
    ])
  })

  it('takes table options apart only where they cost more than the rest', () => {
    const sql = "ALTER TABLE t COMMENT 'x', ADD COLUMN a int AFTER b"
    expect(lifted(sql, mariadb)).toBeUndefined()
    expect(lifted(sql)).toEqual(["ALTER TABLE t COMMENT 'x'", 'ALTER TABLE t ADD COLUMN a int AFTER b'])
  })

  it('leaves a check beside a new column where MariaDB adds both by INSTANT', () => {
    expect(lifted('ALTER TABLE t ADD a int CHECK (a > 0)', mariadb)).toBeUndefined()
  })

  it('drops a check by the only word that MariaDB has', () => {
    expect(lifted('ALTER TABLE t DROP CHECK k', mariadb)).toEqual([{ kind: 'dropConstraint', table: 't', name: 'k' }])
  })

  it('takes one apart whose every clause has an operation, since those know how to undo', () => {
    expect(lifted('ALTER TABLE t ADD a int, ADD (b text)')).toEqual([
      { kind: 'addColumn', table: 't', column: 'a', type: 'int' },
      { kind: 'addColumn', table: 't', column: 'b', type: 'text' },
    ])
  })

  it('leaves statements on tables of the same file alone, but for what no MySQL knows', () => {
    const table = 'CREATE TABLE n (a int, b int);'
    expect(lifted(`${table} CREATE INDEX i ON n (a)`)).toBeUndefined()
    expect(lifted(`${table} ALTER TABLE n ADD INDEX (a), DROP b`)).toBeUndefined()
    expect(lifted(`${table} DROP TABLE n`)).toBeUndefined()
    expect(lifted(`${table} ALTER TABLE n ADD c int FIRST, ALTER a SET NOT NULL`)).toEqual([
      'ALTER TABLE n ADD c int FIRST',
      { kind: 'setNotNull', table: 'n', column: 'a' },
    ])
  })

  it('makes only statements that parse', () => {
    for (const [sql] of LIFTED) {
      for (const part of lift(parseStatements(sql, 'm.sql')[0]!, createMadeObjects(), mysql) ?? []) {
        if ('statement' in part) expect(parseStatements(part.statement, 'm.sql')).toHaveLength(1)
      }
    }
  })
})

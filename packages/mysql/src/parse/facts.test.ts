import { createMadeObjects, describeObject } from '@phasegate/core'
import { describe, expect, it } from 'vitest'
import { capabilitiesOf } from '../server/capabilities.js'
import { mysqlServer } from '../server/mysql-server.js'
import { parseStatements } from './parse-statements.js'
import { readFacts } from './read-facts.js'

const mysql = capabilitiesOf(mysqlServer('mysql', '9.7.4'))
const mariadb = capabilitiesOf(mysqlServer('mariadb', '10.11.19'))

/** Facts of the last statement; those before it are of the same file. */
function facts(sql: string, can = mysql) {
  const made = createMadeObjects()
  const all = parseStatements(sql, 'test.sql').map((statement) => {
    const read = readFacts(statement, made, can)
    made.record(read.changes)
    return read
  })
  return all.at(-1)!
}

/** `drop column: column users.a, destroys`, without what is only read. */
function changes(sql: string, can = mysql): string[] {
  return facts(sql, can)
    .changes.filter((change) => change.action !== 'read')
    .map((change) =>
      [
        `${change.what}: ${describeObject(change.object)}`,
        change.destroys ? 'destroys' : '',
        change.tightens ? 'tightens' : '',
        change.onNew ? 'on new' : '',
        change.onNewColumn === true ? 'on new column' : '',
        change.concurrently === true ? 'concurrently' : '',
      ]
        .filter((part) => part !== '')
        .join(', '),
    )
}

function lock(sql: string, can = mysql): string {
  const {
    lock: { mode, tables, blocks, duration },
  } = facts(sql, can)
  return `${mode} on ${tables.join('+')}, ${duration}, blocks ${blocks}`
}

const X = (tables = 't', duration = 'instant'): string => `EXCLUSIVE on ${tables}, ${duration}, blocks reads and writes`
const S = (duration = 'rewrite', tables = 't'): string => `SHARED on ${tables}, ${duration}, blocks writes`
const N = (duration: string, tables = 't'): string => `NONE on ${tables}, ${duration}, blocks nothing`
const none = 'none on , instant, blocks nothing'

const TABLE: readonly [statement: string, lock: string, ...changes: string[]][] = [
  ['ALTER TABLE t ADD COLUMN c int', X(), 'add column: column t.c'],
  ['ALTER TABLE s.t ADD COLUMN c int FIRST', X('s.t'), 'add column: column s.t.c'],
  ["ALTER TABLE t ADD c text NOT NULL COMMENT 'x'", X(), 'add column: column t.c, tightens'],
  ['ALTER TABLE t ADD c int NOT NULL DEFAULT -1', X(), 'add column with default: column t.c'],
  ['ALTER TABLE t ADD c int DEFAULT NULL', X(), 'add column: column t.c'],
  ['ALTER TABLE t ADD c timestamp DEFAULT NOW() ON UPDATE NOW()', X(), 'add column with default: column t.c'],
  ['ALTER TABLE t ADD c json DEFAULT (json_array())', S(), 'add column with default: column t.c'],
  [
    'ALTER TABLE t ADD c bigint AUTO_INCREMENT UNIQUE',
    S(),
    'add column with default: column t.c',
    'create unique index: index t.c, tightens, on new column, concurrently',
  ],
  ['ALTER TABLE t ADD c int AS (a + 1)', X(), 'add column with default: column t.c'],
  ['ALTER TABLE t ADD c int GENERATED ALWAYS AS (a + 1) STORED', S(), 'add column with default: column t.c'],
  [
    'ALTER TABLE t ADD c int UNIQUE',
    N('rewrite'),
    'add column: column t.c',
    'create unique index: index t.c, tightens, on new column, concurrently',
  ],
  [
    'ALTER TABLE t ADD c int CONSTRAINT k CHECK (c > 0)',
    S(),
    'add column: column t.c',
    'add check: constraint t.k, tightens, on new column',
  ],
  [
    'ALTER TABLE t ADD c int CHECK (c > 0) NOT ENFORCED',
    X(),
    'add column: column t.c',
    'add check not enforced: constraint t.t_chk_1, on new column',
  ],
  [
    'ALTER TABLE t ADD c int REFERENCES r (id)',
    S(),
    'add column: column t.c',
    'add foreign key: constraint t.t_ibfk_1, tightens, on new column',
  ],
  ['ALTER TABLE t ADD (c int, d int DEFAULT 1)', X(), 'add column: column t.c', 'add column with default: column t.d'],
  [
    'ALTER TABLE t ADD c int, ADD INDEX i (a)',
    N('rewrite'),
    'add column: column t.c',
    'create index: index t.i, concurrently',
  ],
  ['ALTER TABLE t DROP c', X(), 'drop column: column t.c, destroys'],
  ['ALTER TABLE t RENAME COLUMN c TO d', X(), 'rename column: column t.c, destroys', 'take the name of c: column t.d'],
  [
    'ALTER TABLE t CHANGE c d bigint',
    S(),
    'rename column: column t.c, destroys',
    'take the name of c: column t.d',
    'alter type: column t.c, tightens',
  ],
  ['ALTER TABLE t CHANGE c C bigint', S(), 'alter type: column t.c, tightens'],
  ['ALTER TABLE t MODIFY c bigint NOT NULL', S(), 'alter type: column t.c, tightens'],
  ['ALTER TABLE t MODIFY COLUMN c <definition> NOT NULL', N('rewrite'), 'set not null: column t.c, tightens'],
  ['ALTER TABLE t ALTER c SET NOT NULL', N('rewrite'), 'set not null: column t.c, tightens'],
  ['ALTER TABLE t ALTER c DROP NOT NULL', N('rewrite'), 'drop not null: column t.c'],
  ['ALTER TABLE t ALTER c SET DEFAULT (1 + 1)', X(), 'set default: column t.c'],
  ['ALTER TABLE t ALTER COLUMN c DROP DEFAULT', X(), 'drop default: column t.c, tightens'],
  ['ALTER TABLE t ALTER c SET INVISIBLE', X(), 'hide column: column t.c, destroys'],
  ['ALTER TABLE t ADD INDEX i (a, b(10) DESC)', N('build'), 'create index: index t.i, concurrently'],
  ['ALTER TABLE t ADD KEY (a)', N('build'), 'create index: index t.a, concurrently'],
  ['ALTER TABLE t ADD CONSTRAINT u UNIQUE (a)', N('build'), 'create unique index: index t.u, tightens, concurrently'],
  ['ALTER TABLE t ADD FULLTEXT INDEX i (a)', S(), 'create fulltext index: index t.i'],
  ['ALTER TABLE t ADD INDEX i ((lower(a)))', S('build'), 'create index: index t.i'],
  ['CREATE UNIQUE INDEX i ON s.t (a)', N('build', 's.t'), 'create unique index: index s.t.i, tightens, concurrently'],
  ['ALTER TABLE t ADD PRIMARY KEY (a)', N('rewrite'), 'add primary key: constraint t.PRIMARY, tightens'],
  ['ALTER TABLE t DROP PRIMARY KEY', S(), 'drop primary key: constraint t.PRIMARY'],
  [
    'ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (a)',
    N('rewrite'),
    'drop primary key: constraint t.PRIMARY',
    'add primary key: constraint t.PRIMARY, tightens',
  ],
  ['ALTER TABLE t DROP INDEX i', X(), 'drop index: index t.i, destroys, concurrently'],
  ['DROP INDEX i ON t', X(), 'drop index: index t.i, destroys, concurrently'],
  ['ALTER TABLE t RENAME INDEX i TO j', X(), 'rename index: index t.i', 'take the name of i: index t.j'],
  ['ALTER TABLE t ALTER INDEX i INVISIBLE', X(), 'hide index: index t.i'],
  [
    'ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES r (id)',
    S(),
    'add foreign key: constraint t.f, tightens',
  ],
  [
    'ALTER TABLE t ADD /* rows are checked by the next step */ CONSTRAINT f FOREIGN KEY (a) REFERENCES r (id)',
    N('build'),
    'add foreign key: constraint t.f, tightens',
  ],
  ['ALTER TABLE t DROP FOREIGN KEY f', X(), 'drop foreign key: constraint t.f'],
  ['ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)', S(), 'add check: constraint t.k, tightens'],
  ['ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT ENFORCED', X(), 'add check not enforced: constraint t.k'],
  ['ALTER TABLE t ALTER CHECK k ENFORCED', S(), 'enforce constraint: constraint t.k, tightens'],
  ['ALTER TABLE t DROP CHECK k', X(), 'drop constraint: constraint t.k'],
  ["ALTER TABLE t COMMENT = 'x' AUTO_INCREMENT 5", X(), 'set comment: table t', 'set auto_increment: table t'],
  ['ALTER TABLE t ENGINE = InnoDB', N('rewrite'), 'engine: table t'],
  ['ALTER TABLE t FORCE', N('rewrite'), 'force: table t'],
  [
    'ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
    S(),
    'convert to character set: table t, tightens',
  ],
  ['ALTER TABLE t ORDER BY a, b DESC, ADD c int', S(), 'order by: table t', 'add column: column t.c'],
  ['ALTER TABLE t DROP PARTITION p0, p1', X(), 'drop partition: table t, destroys'],
  ['ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 4', S(), 'partition by: table t'],
  ['ALTER TABLE t ADD PARTITION (PARTITION p VALUES LESS THAN (5))', X(), 'add partition: table t'],
  ['ALTER TABLE t ADD PARTITION (PARTITION p)', S(), 'add partition: table t'],
  ['ALTER TABLE t ADD PARTITION PARTITIONS 2', S(), 'add partition: table t'],
  ['ALTER TABLE t DROP INDEX `Primary`', S(), 'drop primary key: constraint t.PRIMARY'],
  ['ALTER TABLE t RENAME TO u', X(), 'rename table: table t, destroys', 'take the name of t: table u'],
  [
    'RENAME TABLE t TO u, v TO t',
    X('t+v'),
    'rename table: table t, destroys',
    'take the name of t: table u',
    'rename table: table v, destroys',
    'take the name of v: table t',
  ],
  ['ALTER TABLE t MODIFY c bigint, ALGORITHM=INSTANT', X(), 'alter type: column t.c, tightens'],
  ['ALTER TABLE t MODIFY c bigint, ALGORITHM=INPLACE, LOCK=NONE', N('rewrite'), 'alter type: column t.c, tightens'],
  ['ALTER TABLE t MODIFY c bigint, LOCK=NONE', N('rewrite'), 'alter type: column t.c, tightens'],
  ['ALTER TABLE t ADD c int, ALGORITHM=COPY', S(), 'add column: column t.c'],
  ['ALTER TABLE t ADD INDEX i (a), LOCK=SHARED', S('build'), 'create index: index t.i'],
  ['ALTER TABLE t ADD INDEX i (a), LOCK=EXCLUSIVE', X('t', 'build'), 'create index: index t.i'],
  ['CREATE TABLE n (id int PRIMARY KEY)', none, 'create table: table n, on new'],
  ['CREATE TABLE IF NOT EXISTS n (id int)', none, 'create table if not exists: table n'],
  ['CREATE TABLE n (a int, FOREIGN KEY (a) REFERENCES r (id))', X('r'), 'create table: table n, on new'],
  ['CREATE TABLE n LIKE r', 'SHARED_READ on r, instant, blocks nothing', 'create table: table n, on new'],
  ['CREATE TABLE n SELECT * FROM r', 'SHARED_READ on r, scan, blocks nothing', 'create table as: table n, on new'],
  ['CREATE OR REPLACE TABLE n (id int)', X('n'), 'drop table: table n, destroys', 'create table: table n, on new'],
  ['DROP TABLE a, s.b', X('a+s.b'), 'drop table: table a, destroys', 'drop table: table s.b, destroys'],
  ['TRUNCATE t', X(), 'truncate: table t, destroys'],
  ['CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1', X(), 'create trigger: trigger t.g'],
  ['DROP TRIGGER s.g', X(''), 'drop trigger: trigger s.g, destroys'],
  ['CREATE OR REPLACE VIEW v AS SELECT a FROM t', X('v'), 'create or replace view: view v'],
  ['DROP VIEW v', X('v'), 'drop view: view v, destroys'],
  ['CREATE PROCEDURE p() BEGIN DELETE FROM t; END', none, 'create procedure: function p, on new'],
  ['DROP FUNCTION f', none, 'drop function: function f, destroys'],
  ['UPDATE t SET a = 1, t.b = 2', 'SHARED_WRITE on t, scan, blocks writes', 'update: column t.a', 'update: column t.b'],
  ['INSERT INTO t VALUES (1)', 'SHARED_WRITE on t, instant, blocks nothing', 'insert: table t'],
  ['INSERT INTO t SELECT * FROM r', 'SHARED_WRITE on t, scan, blocks nothing', 'insert: table t'],
  ['REPLACE INTO t VALUES (1)', 'SHARED_WRITE on t, scan, blocks writes', 'replace: table t, destroys'],
  ['DELETE FROM t WHERE a = 1', 'SHARED_WRITE on t, scan, blocks writes', 'delete: table t, destroys'],
  ['SELECT count(*) FROM t', 'SHARED_READ on t, scan, blocks nothing'],
  ['SELECT a FROM t FOR UPDATE', 'SHARED_WRITE on t, scan, blocks writes'],
  ['SELECT my_function()', X('', 'rewrite'), 'call a function: other my_function, destroys, tightens'],
  ['CALL p()', X('', 'rewrite'), 'a statement of a kind that is not analysed: other call p, destroys, tightens'],
  [
    'OPTIMIZE TABLE t',
    X('', 'rewrite'),
    'a statement of a kind that is not analysed: other optimize table t, destroys, tightens',
  ],
  [
    'ANALYZE UPDATE t SET a = 1',
    X('', 'rewrite'),
    'a statement of a kind that is not analysed: other analyze update t, destroys, tightens',
  ],
  ['GRANT SELECT ON t TO a', none, 'grant: table t'],
  ["REVOKE SELECT ON app.* FROM 'a'@'b'", none, 'revoke: other privileges, tightens'],
]

describe('readFacts on MySQL', () => {
  it.each(TABLE)('%s', (sql, held, ...changed) => {
    expect([lock(sql), ...changes(sql)]).toEqual([held, ...changed])
  })

  it.each([
    ['8.0.31', 'ALTER TABLE t ADD c int', N('rewrite')],
    ['8.0.28', 'ALTER TABLE t ADD c int', X()],
    ['8.0.28', 'ALTER TABLE t ADD c int FIRST', N('rewrite')],
    ['8.0.28', 'ALTER TABLE t DROP c', N('rewrite')],
    ['8.4.0', 'ALTER TABLE t ADD c int REFERENCES r (id)', X()],
  ])('%s: %s', (version, sql, held) => {
    expect(lock(sql, capabilitiesOf(mysqlServer('mysql', version)))).toBe(held)
  })
})

describe('readFacts on MariaDB', () => {
  it.each([
    ['ALTER TABLE t ADD c int DEFAULT (1 + 1)', X()],
    ['ALTER TABLE t ADD c int DEFAULT (rand())', X()],
    ['ALTER TABLE t ADD c char(36) DEFAULT uuid()', S()],
    ['ALTER TABLE t ADD c int DEFAULT (a + 1)', S()],
    ['ALTER TABLE t ADD c int CHECK (c > 0)', X()],
    ['ALTER TABLE t DROP INDEX i, DROP COLUMN a', X()],
    ['ALTER TABLE t ADD COLUMN c int, ALGORITHM=INPLACE', X()],
    ['ALTER TABLE t ADD CHECK (a > 0)', S()],
  ])('%s', (sql, held) => {
    expect(lock(sql, mariadb)).toBe(held)
  })

  it('copies beside traffic from 11.2 on, but does not guess that for MODIFY', () => {
    const can = capabilitiesOf(mysqlServer('mariadb', '11.4'))
    expect(lock('ALTER TABLE t ADD CHECK (a > 0)', can)).toBe(N('rewrite'))
    expect(lock('ALTER TABLE t MODIFY a bigint', can)).toBe(S())
  })
})

describe('readFacts', () => {
  it('knows what the same file made', () => {
    const table = 'CREATE TABLE n (a int);'
    expect(lock(`${table} ALTER TABLE n ADD CHECK (a > 0)`)).toBe('SHARED on n, rewrite, blocks nothing')
    expect(changes(`${table} CREATE UNIQUE INDEX i ON n (a)`)).toEqual([
      'create unique index: index n.i, tightens, on new, concurrently',
    ])
    expect(changes('ALTER TABLE t ADD c int; ALTER TABLE t ADD UNIQUE i (c)')).toEqual([
      'create unique index: index t.i, tightens, on new column, concurrently',
    ])
    expect(changes('ALTER TABLE t ADD c int DEFAULT 1; ALTER TABLE t MODIFY COLUMN c <definition> NOT NULL')).toEqual([
      'set not null: column t.c, on new column',
    ])
    expect(changes('CREATE TABLE IF NOT EXISTS n (a int); ALTER TABLE n DROP a')).toEqual([
      'drop column: column n.a, destroys',
    ])
  })

  it('says of an online ALTER that it has the table for itself when it begins and ends', () => {
    expect(facts('ALTER TABLE t ADD INDEX i (a)').lock.atEnds).toBe('reads and writes')
    expect(facts('ALTER TABLE t ADD c int').lock.atEnds).toBeUndefined()
    expect(facts('CREATE TABLE n (a int); ALTER TABLE n ADD INDEX i (a)').lock.atEnds).toBeUndefined()
  })

  it('tells how a MODIFY may be written so that nobody waits', () => {
    expect(facts('ALTER TABLE t MODIFY a bigint').lock.instead).toContain('ALGORITHM=INPLACE, LOCK=NONE')
    expect(facts('ALTER TABLE t MODIFY a bigint, ALGORITHM=COPY').lock.instead).toBeUndefined()
    expect(facts('ALTER TABLE t ADD CHECK (a > 0)').lock.instead).toBeUndefined()
  })

  it('lets only what changes rows or reads them into a transaction', () => {
    expect(
      ['UPDATE t SET a = 1', 'SELECT 1', 'INSERT INTO t VALUES (1)', 'DELETE FROM t', 'SHOW TABLES'].map(
        (sql) => facts(sql).transactional,
      ),
    ).toEqual(Array(5).fill(true))
    expect(
      [
        'ALTER TABLE t ADD a int',
        'TRUNCATE t',
        'CREATE TABLE n (a int)',
        'SELECT f()',
        'CALL p()',
        'GRANT SELECT ON t TO a',
      ].map((sql) => facts(sql).transactional),
    ).toEqual(Array(6).fill(false))
  })

  it('says which tables and columns a statement needs', () => {
    const reads = (sql: string) =>
      facts(sql)
        .changes.filter(({ action }) => action === 'read')
        .map(({ what, object }) => `${what}: ${describeObject(object)}`)
    expect(reads('ALTER TABLE t ADD INDEX (a, (lower(b)))')).toEqual([
      'used by index: column t.a',
      'used by index: column t.b',
    ])
    expect(reads('ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES s.r (id)')).toEqual([
      'referenced by foreign key: column s.r.id',
      'used by constraint: column t.a',
    ])
    expect(reads('ALTER TABLE t ADD CHECK (a > b)')).toEqual([
      'used by constraint: column t.a',
      'used by constraint: column t.b',
    ])
    expect(reads('INSERT INTO t SELECT * FROM r JOIN q USING (id)')).toEqual(['select: table r', 'select: table q'])
    expect(reads('UPDATE t JOIN r ON r.id = t.id SET t.a = (SELECT 1 FROM q)')).toEqual(['select: table q'])
    expect(reads('CREATE VIEW v AS WITH w AS (SELECT 1 FROM a) SELECT * FROM w, s.b')).toEqual([
      'used by view: table a',
      'used by view: table s.b',
    ])
  })
})

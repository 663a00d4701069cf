import { createMadeObjects, describeObject } from '@phasegate/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseStatements } from './parse-statements.js'
import { loadParser } from './parser.js'
import { readFacts } from './read-facts.js'

beforeAll(loadParser)

/** Facts of the last statement; those before it are of the same file. */
function facts(sql: string) {
  const made = createMadeObjects()
  const all = parseStatements(sql, 'test.sql').map((statement) => {
    const read = readFacts(statement, made)
    made.record(read.changes)
    return read
  })
  return all.at(-1)!
}

/** `drop column users.a !destroys !tightens`, without what is only read. */
function changes(sql: string): string[] {
  return facts(sql)
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

function lock(sql: string): string {
  const {
    lock: { mode, tables, blocks, duration },
  } = facts(sql)
  return `${mode} on ${tables.join('+')}, ${duration}, blocks ${blocks}`
}

const AX = (duration: string, tables = 't'): string =>
  `ACCESS EXCLUSIVE on ${tables}, ${duration}, blocks reads and writes`

const TABLE: readonly [statement: string, lock: string, ...changes: string[]][] = [
  ['ALTER TABLE t ADD COLUMN c int', AX('instant'), 'add column: column t.c'],
  ['ALTER TABLE s.t ADD COLUMN c int', AX('instant', 's.t'), 'add column: column s.t.c'],
  ["ALTER TABLE t ADD COLUMN c text DEFAULT 'x'", AX('instant'), 'add column with default: column t.c'],
  ['ALTER TABLE t ADD c boolean NOT NULL DEFAULT false', AX('instant'), 'add column with default: column t.c'],
  ['ALTER TABLE t ADD COLUMN c timestamptz DEFAULT now()', AX('instant'), 'add column with default: column t.c'],
  [
    'ALTER TABLE t ADD COLUMN c timestamptz DEFAULT CURRENT_TIMESTAMP',
    AX('instant'),
    'add column with default: column t.c',
  ],
  [
    'ALTER TABLE t ADD COLUMN c timestamptz DEFAULT clock_timestamp()',
    AX('rewrite'),
    'add column with default: column t.c',
  ],
  ['ALTER TABLE t ADD COLUMN c uuid DEFAULT gen_random_uuid()', AX('rewrite'), 'add column with default: column t.c'],
  ['ALTER TABLE t ADD COLUMN c float DEFAULT random() * 2', AX('rewrite'), 'add column with default: column t.c'],
  ["ALTER TABLE t ADD COLUMN c int DEFAULT nextval('s')", AX('rewrite'), 'add column with default: column t.c'],
  ['ALTER TABLE t ADD COLUMN c int DEFAULT my_function()', AX('rewrite'), 'add column with default: column t.c'],
  ['ALTER TABLE t ADD COLUMN c bigserial', AX('rewrite'), 'add column with default: column t.c'],
  ['ALTER TABLE t ADD COLUMN c int GENERATED ALWAYS AS IDENTITY', AX('rewrite'), 'add column with default: column t.c'],
  [
    'ALTER TABLE t ADD COLUMN c int GENERATED ALWAYS AS (a * 2) STORED',
    AX('rewrite'),
    'add column with default: column t.c',
  ],
  [
    'ALTER TABLE t ADD COLUMN c int GENERATED ALWAYS AS (a * 2) VIRTUAL',
    AX('instant'),
    'add column with default: column t.c',
  ],
  ['ALTER TABLE t ADD COLUMN c int NOT NULL', AX('scan'), 'add column: column t.c, tightens'],
  ['ALTER TABLE t ADD COLUMN c int NOT NULL DEFAULT NULL::int', AX('scan'), 'add column: column t.c, tightens'],
  ['ALTER TABLE t ADD COLUMN IF NOT EXISTS c int', AX('instant'), 'add column if not exists: column t.c'],
  [
    'ALTER TABLE t ADD COLUMN c int REFERENCES r (id)',
    AX('instant', 't+r'),
    'add column: column t.c',
    'add foreign key: constraint t.t_c_fkey, tightens, on new column',
  ],
  [
    'ALTER TABLE t ADD COLUMN c int DEFAULT 1 REFERENCES r (id)',
    AX('scan', 't+r'),
    'add column with default: column t.c',
    'add foreign key: constraint t.t_c_fkey, tightens, on new column',
  ],
  [
    'ALTER TABLE t ADD COLUMN c int CHECK (c > a)',
    AX('scan'),
    'add column: column t.c',
    'add check: constraint t.t_check, tightens',
  ],
  [
    'ALTER TABLE t ADD COLUMN c int CONSTRAINT one UNIQUE',
    AX('build'),
    'add column: column t.c',
    'add unique: constraint t.one, tightens, on new column',
    'create index: index one, on new column',
  ],
  ['ALTER TABLE t DROP COLUMN c', AX('instant'), 'drop column: column t.c, destroys'],
  ['ALTER TABLE t DROP COLUMN c CASCADE', AX('instant'), 'drop column cascade: column t.c, destroys'],
  ['ALTER TABLE t ALTER c SET DEFAULT 1', AX('instant'), 'set default: column t.c'],
  ['ALTER TABLE t ALTER c DROP DEFAULT', AX('instant'), 'drop default: column t.c, tightens'],
  ['ALTER TABLE t ALTER c SET NOT NULL', AX('scan'), 'set not null: column t.c, tightens'],
  ['ALTER TABLE t ALTER c DROP NOT NULL', AX('instant'), 'drop not null: column t.c'],
  ['ALTER TABLE t ALTER c TYPE bigint', AX('rewrite'), 'alter type: column t.c, tightens'],
  [
    'ALTER TABLE t ALTER c SET STATISTICS 500',
    'SHARE UPDATE EXCLUSIVE on t, instant, blocks nothing',
    'set statistics: column t.c',
  ],
  ['ALTER TABLE t ALTER c ADD GENERATED ALWAYS AS IDENTITY', AX('instant'), 'add identity: column t.c, tightens'],
  ['ALTER TABLE t ALTER c ADD GENERATED BY DEFAULT AS IDENTITY', AX('instant'), 'add identity: column t.c'],
  ['ALTER TABLE t ALTER c SET GENERATED ALWAYS SET START 3', AX('instant'), 'set identity: column t.c, tightens'],
  ['ALTER TABLE t ALTER c SET GENERATED BY DEFAULT', AX('instant'), 'set identity: column t.c'],
  ['ALTER TABLE t ALTER c SET EXPRESSION AS (a + 1)', AX('rewrite'), 'set expression: column t.c'],
  ['ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)', AX('scan'), 'add check: constraint t.k, tightens'],
  [
    'ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID',
    AX('instant'),
    'add check not valid: constraint t.k, tightens',
  ],
  [
    'ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT ENFORCED',
    AX('instant'),
    'add check not enforced: constraint t.k',
  ],
  ['ALTER TABLE t ADD CHECK (a > 0)', AX('scan'), 'add check: constraint t.t_a_check, tightens'],
  ['ALTER TABLE t ADD CHECK (a > b)', AX('scan'), 'add check: constraint t.t_check, tightens'],
  ['ALTER TABLE t ADD CONSTRAINT n NOT NULL a', AX('scan'), 'add not null: constraint t.n, tightens'],
  [
    'ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID',
    AX('instant'),
    'add not null not valid: constraint t.n, tightens',
  ],
  [
    'ALTER TABLE t VALIDATE CONSTRAINT k',
    'SHARE UPDATE EXCLUSIVE on t, scan, blocks nothing',
    'validate constraint: constraint t.k',
  ],
  [
    'ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES s.r (id)',
    'SHARE ROW EXCLUSIVE on t+s.r, scan, blocks writes',
    'add foreign key: constraint t.t_a_fkey, tightens',
  ],
  [
    'ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r NOT VALID',
    'SHARE ROW EXCLUSIVE on t+r, instant, blocks writes',
    'add foreign key not valid: constraint t.t_a_fkey, tightens',
  ],
  [
    'ALTER TABLE t ADD UNIQUE (a, b)',
    AX('build'),
    'add unique: constraint t.t_a_b_key, tightens',
    'create index: index t_a_b_key',
  ],
  [
    'ALTER TABLE t ADD PRIMARY KEY (a)',
    AX('build'),
    'add primary key: constraint t.t_pkey, tightens',
    'create index: index t_pkey',
  ],
  [
    'ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX i',
    AX('instant'),
    'add unique using index: constraint t.u, tightens',
  ],
  ['ALTER TABLE t ADD PRIMARY KEY USING INDEX i', AX('scan'), 'add primary key using index: constraint t.i, tightens'],
  [
    'ALTER TABLE t ADD EXCLUDE USING gist (r WITH &&)',
    AX('build'),
    'add exclusion constraint: constraint t.t_r_excl, tightens',
    'create index: index t_r_excl',
  ],
  ['ALTER TABLE t DROP CONSTRAINT k', AX('instant'), 'drop constraint: constraint t.k'],
  ['ALTER TABLE t ALTER CONSTRAINT k ENFORCED', AX('scan'), 'enforce constraint: constraint t.k, tightens'],
  ['ALTER TABLE t ALTER CONSTRAINT k DEFERRABLE', AX('instant'), 'alter constraint: constraint t.k'],
  [
    'ALTER TABLE t DISABLE TRIGGER g',
    'SHARE ROW EXCLUSIVE on t, instant, blocks writes',
    'disable trigger: trigger t.g, destroys',
  ],
  [
    'ALTER TABLE t ENABLE TRIGGER ALL',
    'SHARE ROW EXCLUSIVE on t, instant, blocks writes',
    'enable trigger: trigger t.(all)',
  ],
  [
    'ALTER TABLE t SET (fillfactor = 70)',
    'SHARE UPDATE EXCLUSIVE on t, instant, blocks nothing',
    'set storage parameters: table t',
  ],
  ['ALTER TABLE t SET (user_catalog_table = true)', AX('instant'), 'set storage parameters: table t'],
  ['ALTER TABLE t SET UNLOGGED', AX('rewrite'), 'set unlogged: table t'],
  ['ALTER TABLE t ENABLE ROW LEVEL SECURITY', AX('instant'), 'enable row security: table t, tightens'],
  ['ALTER TABLE t INHERIT p', AX('instant'), 'inherit: table t'],
  [
    'ALTER TABLE p ATTACH PARTITION c FOR VALUES FROM (1) TO (2)',
    AX('scan', 'c'),
    'attach partition: table c, tightens',
  ],
  ['ALTER TABLE p DETACH PARTITION c', AX('instant', 'p+c'), 'detach partition: table c, destroys'],
  [
    'ALTER TABLE p DETACH PARTITION c CONCURRENTLY',
    'SHARE UPDATE EXCLUSIVE on p, scan, blocks nothing',
    'detach partition: table c, destroys, concurrently',
  ],
  [
    'ALTER TABLE t RENAME a TO b',
    AX('instant'),
    'rename column: column t.a, destroys',
    'take the name of a: column t.b',
  ],
  ['ALTER TABLE t RENAME TO u', AX('instant'), 'rename table: table t, destroys', 'take the name of t: table u'],
  [
    'ALTER TABLE t RENAME CONSTRAINT a TO b',
    AX('instant'),
    'rename constraint: constraint t.a',
    'take the name of a: constraint t.b',
  ],
  [
    'ALTER INDEX i RENAME TO j',
    'SHARE UPDATE EXCLUSIVE on i, instant, blocks nothing',
    'rename index: index i',
    'take the name of i: index j',
  ],
  ['ALTER TABLE t SET SCHEMA s', AX('instant'), 'set schema: table t, destroys', 'take the name of t: table s.t'],
  ['ALTER VIEW v ALTER a SET DEFAULT 1', AX('instant', 'v'), 'column default: view v'],
  ['CREATE INDEX i ON t (a)', 'SHARE on t, build, blocks writes', 'create index: index i'],
  [
    'CREATE UNIQUE INDEX ON s.t (a, lower(b))',
    'SHARE on s.t, build, blocks writes',
    'create unique index: index s.t_a_expr_idx, tightens',
  ],
  [
    'CREATE INDEX CONCURRENTLY i ON t (a)',
    'SHARE UPDATE EXCLUSIVE on t, build, blocks nothing',
    'create index: index i, concurrently',
  ],
  ['DROP INDEX s.i', AX('instant', 's.i'), 'drop index: index s.i, destroys'],
  [
    'DROP INDEX CONCURRENTLY i',
    'SHARE UPDATE EXCLUSIVE on i, scan, blocks nothing',
    'drop index: index i, destroys, concurrently',
  ],
  ['DROP TABLE t, u', AX('instant', 't+u'), 'drop table: table t, destroys', 'drop table: table u, destroys'],
  ['DROP TABLE t CASCADE', AX('instant'), 'drop table cascade: table t, destroys'],
  ['DROP TRIGGER g ON s.t', AX('instant', 's.t'), 'drop trigger: trigger s.t.g, destroys'],
  ['DROP FUNCTION f(int)', 'none on , instant, blocks nothing', 'drop function: function f, destroys'],
  ['DROP SCHEMA s', AX('instant', ''), 'drop schema: schema s, destroys'],
  ['DROP TYPE e CASCADE', AX('instant', ''), 'drop type cascade: type e, destroys'],
  ['DROP MATERIALIZED VIEW m', AX('instant', 'm'), 'drop materialized view: view m, destroys'],
  ['TRUNCATE t, u', AX('instant', 't+u'), 'truncate: table t, destroys', 'truncate: table u, destroys'],
  [
    'CREATE TABLE n (id int REFERENCES r (id))',
    'SHARE ROW EXCLUSIVE on r, instant, blocks writes',
    'create table: table n, on new',
  ],
  ['CREATE TABLE n (id int)', 'none on , instant, blocks nothing', 'create table: table n, on new'],
  ['CREATE TABLE IF NOT EXISTS n (id int)', 'none on , instant, blocks nothing', 'create table if not exists: table n'],
  ['CREATE TABLE n PARTITION OF p FOR VALUES FROM (1) TO (2)', AX('instant', 'p'), 'create table: table n, on new'],
  ['CREATE TABLE n (LIKE t)', 'ACCESS SHARE on t, instant, blocks nothing', 'create table: table n, on new'],
  ['CREATE TABLE n AS SELECT * FROM t', 'ACCESS SHARE on t, scan, blocks nothing', 'create table as: table n, on new'],
  ['SELECT a INTO n FROM t', 'ACCESS SHARE on t, scan, blocks nothing', 'create table as: table n, on new'],
  ['CREATE VIEW v AS SELECT * FROM t', 'ACCESS SHARE on t, instant, blocks nothing', 'create view: view v, on new'],
  ['CREATE OR REPLACE VIEW v AS SELECT 1', AX('instant', 'v'), 'create or replace view: view v'],
  [
    'CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()',
    'SHARE ROW EXCLUSIVE on t, instant, blocks writes',
    'create trigger: trigger t.g',
  ],
  [
    "CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1; SELECT 2'",
    'none on , instant, blocks nothing',
    'create function: function s.f, on new',
  ],
  ["CREATE TYPE e AS ENUM ('a')", 'none on , instant, blocks nothing', 'create enum: type e, on new'],
  ["ALTER TYPE e ADD VALUE 'b'", 'none on , instant, blocks nothing', 'add enum value: type e'],
  ["ALTER TYPE e RENAME VALUE 'a' TO 'b'", 'none on , instant, blocks nothing', 'rename enum value: type e, destroys'],
  ['ALTER DOMAIN d ADD CHECK (value > 0)', 'SHARE on , scan, blocks writes', 'add domain constraint: type d, tightens'],
  [
    'ALTER DOMAIN d ADD CONSTRAINT k CHECK (value > 0) NOT VALID',
    'none on , instant, blocks nothing',
    'add domain constraint not valid: type d, tightens',
  ],
  ['ALTER DOMAIN d VALIDATE CONSTRAINT k', 'SHARE on , scan, blocks writes', 'validate domain constraint: type d'],
  ['REINDEX TABLE t', AX('build'), 'reindex: table t'],
  [
    'REINDEX INDEX CONCURRENTLY i',
    'SHARE UPDATE EXCLUSIVE on i, build, blocks nothing',
    'reindex: index i, concurrently',
  ],
  ['VACUUM FULL t', AX('rewrite'), 'vacuum full: table t'],
  ['VACUUM (FULL false) t', 'SHARE UPDATE EXCLUSIVE on t, scan, blocks nothing', 'vacuum: table t'],
  ['ANALYZE t', 'SHARE UPDATE EXCLUSIVE on t, scan, blocks nothing', 'analyze: table t'],
  ['CLUSTER t USING i', AX('rewrite'), 'cluster: table t'],
  ['REFRESH MATERIALIZED VIEW m', AX('rewrite', 'm'), 'refresh materialized view: view m'],
  [
    'REFRESH MATERIALIZED VIEW CONCURRENTLY m',
    'EXCLUSIVE on m, scan, blocks writes',
    'refresh materialized view: view m, concurrently',
  ],
  ["COMMENT ON COLUMN s.t.a IS 'x'", 'SHARE UPDATE EXCLUSIVE on s.t, instant, blocks nothing', 'comment: column s.t.a'],
  ['GRANT SELECT ON t TO x', 'ACCESS SHARE on t, instant, blocks nothing', 'grant: table t'],
  ['REVOKE SELECT ON t FROM x', 'ACCESS SHARE on t, instant, blocks nothing', 'revoke: table t, tightens'],
  ['CREATE POLICY p ON t USING (true)', AX('instant'), 'create policy: other t.p'],
  ['CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING', AX('instant'), 'create rule: other t.r, tightens'],
  [
    'CREATE STATISTICS st ON a, b FROM t',
    'SHARE UPDATE EXCLUSIVE on t, instant, blocks nothing',
    'create statistics: other st, on new',
  ],
  [
    'CREATE PUBLICATION p FOR TABLE t',
    'SHARE UPDATE EXCLUSIVE on t, instant, blocks nothing',
    'create publication: other p',
  ],
  ['INSERT INTO t (a) VALUES (1)', 'ROW EXCLUSIVE on t, instant, blocks nothing', 'insert: table t'],
  ['UPDATE t SET a = 1, b = 2', 'ROW EXCLUSIVE on t, scan, blocks writes', 'update: column t.a', 'update: column t.b'],
  ['DELETE FROM t USING u WHERE t.a = u.a', 'ROW EXCLUSIVE on t, scan, blocks writes', 'delete: table t, destroys'],
  [
    'MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE',
    'ROW EXCLUSIVE on t, scan, blocks writes',
    'merge: table t, destroys',
  ],
  ['SELECT 1', 'none on , instant, blocks nothing'],
  ['SELECT lower(a) FROM t FOR UPDATE', 'ROW SHARE on t, scan, blocks writes'],
  [
    'WITH x AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM x',
    'ROW EXCLUSIVE on t, scan, blocks writes',
    'insert: table u',
    'delete: table t, destroys',
  ],
  ['DO $$ BEGIN END $$', AX('rewrite', ''), 'run a code block: other DO block, destroys, tightens'],
  ['CALL p(1)', AX('rewrite', ''), 'call a procedure: other p, destroys, tightens'],
  [
    "SELECT create_hypertable('t', 'at')",
    AX('rewrite', ''),
    'call a function: other create_hypertable, destroys, tightens',
  ],
  [
    'DROP OWNED BY x',
    AX('rewrite', ''),
    'a statement of a kind that is not analysed: other DropOwnedStmt, destroys, tightens',
  ],
]

describe('readFacts', () => {
  it.each(TABLE)('%s', (sql, expectedLock, ...expectedChanges) => {
    expect(changes(sql)).toEqual(expectedChanges)
    expect(lock(sql)).toBe(expectedLock)
  })

  it('counts every clause of one ALTER TABLE by its own column, so that two units do not collide', () => {
    expect(changes('ALTER TABLE t ADD COLUMN a int, DROP COLUMN b, ALTER c SET NOT NULL')).toEqual([
      'add column: column t.a',
      'drop column: column t.b, destroys',
      'set not null: column t.c, tightens',
    ])
  })

  it('knows what the same file created', () => {
    expect(lock('CREATE TABLE n (id int); CREATE INDEX ON n (id)')).toBe('SHARE on n, build, blocks nothing')
    expect(changes('CREATE TABLE n (id int); ALTER TABLE n ADD CHECK (id > 0)')).toEqual([
      'add check: constraint n.n_id_check, tightens, on new',
    ])
    expect(changes('ALTER TABLE t ADD COLUMN c int; CREATE UNIQUE INDEX i ON t (c)')).toEqual([
      'create unique index: index i, tightens, on new column',
    ])
    expect(changes('ALTER TABLE t ADD COLUMN c int; ALTER TABLE t ALTER c SET NOT NULL')).toEqual([
      'set not null: column t.c, tightens, on new column',
    ])
    expect(changes('ALTER TABLE t ADD COLUMN c int DEFAULT 1; ALTER TABLE t ALTER c SET NOT NULL')).toEqual([
      'set not null: column t.c, on new column',
    ])
    expect(changes('CREATE TABLE n (id int); ALTER TABLE n RENAME TO m; DROP TABLE m').at(-1)).toContain('on new')
  })

  it('does not take a table for new that may have been there, or that has another schema', () => {
    expect(lock('CREATE TABLE IF NOT EXISTS n (id int); CREATE INDEX ON n (id)')).toContain('blocks writes')
    expect(lock('CREATE TABLE a.n (id int); CREATE INDEX ON n (id)')).toContain('blocks writes')
    expect(lock('CREATE TABLE n (id int); DROP TABLE n; CREATE INDEX ON n (id)')).toContain('blocks writes')
    expect(lock('ALTER TABLE t RENAME TO n; CREATE INDEX ON n (id)')).toContain('blocks writes')
  })

  it('rewrites for a column of a domain of the same file, not of an enum', () => {
    expect(lock('CREATE DOMAIN d AS int CHECK (value > 0); ALTER TABLE t ADD c d')).toContain('rewrite')
    expect(lock("CREATE TYPE e AS ENUM ('a'); ALTER TABLE t ADD c e DEFAULT 'a'")).toContain('instant')
  })

  it('says which columns an index or key needs, so that their unit comes first', () => {
    const read = facts('CREATE INDEX i ON t (a, lower(b)) INCLUDE (c) WHERE d > 0').changes
    expect(read.filter(({ action }) => action === 'read').map(({ object }) => object.name)).toEqual([
      'a',
      'b',
      'c',
      'd',
    ])
  })

  it('knows what cannot be in a transaction', () => {
    const alone = [
      'CREATE INDEX CONCURRENTLY i ON t (a)',
      'DROP INDEX CONCURRENTLY i',
      'REINDEX (CONCURRENTLY) TABLE t',
      'REINDEX DATABASE d',
      'ALTER TABLE p DETACH PARTITION c CONCURRENTLY',
      'VACUUM t',
      'CLUSTER',
    ]
    for (const sql of alone) expect(facts(sql).transactional, sql).toBe(false)
    const shared = ['CREATE INDEX i ON t (a)', "ALTER TYPE e ADD VALUE 'x'", 'ANALYZE t', 'CLUSTER t USING i']
    for (const sql of shared) expect(facts(sql).transactional, sql).toBe(true)
  })

  it('places what CREATE SCHEMA makes in that schema', () => {
    expect(changes('CREATE SCHEMA s CREATE TABLE t (id int) CREATE VIEW other.v AS SELECT 1')).toEqual([
      'create schema: schema s, on new',
      'create table: table s.t, on new',
      'create view: view other.v, on new',
    ])
    expect(changes('CREATE SCHEMA s CREATE TABLE t (id int); DROP TABLE t')).toEqual(['drop table: table t, destroys'])
  })

  it('sees the table that EXPLAIN ANALYZE makes, and functions that act unseen', () => {
    expect(changes('EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1')).toEqual(['create table as: table x, on new'])
    expect(changes('SELECT lo_unlink(7)')).toEqual(['call a function: other lo_unlink, destroys, tightens'])
    expect(changes("SELECT public.dblink_exec('', 'DROP TABLE t')")).toHaveLength(1)
  })
})

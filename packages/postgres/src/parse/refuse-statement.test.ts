import { beforeAll, describe, expect, it } from 'vitest'
import { parseStatements } from './parse-statements.js'
import { loadParser } from './parser.js'
import { refuseStatement } from './refuse-statement.js'

beforeAll(loadParser)

function refuse(sql: string): void {
  for (const statement of parseStatements(sql, 'm.sql', 7)) refuseStatement(statement, 'expand', 'm.sql')
}

describe('refuseStatement', () => {
  it.each([
    ['BEGIN', 'SQL.TRANSACTION_CONTROL'],
    ['COMMIT', 'SQL.TRANSACTION_CONTROL'],
    ['ROLLBACK', 'SQL.TRANSACTION_CONTROL'],
    ['SAVEPOINT a', 'SQL.TRANSACTION_CONTROL'],
    ["SET lock_timeout = '1s'", 'SQL.TRANSACTION_CONTROL'],
    ['SET LOCAL search_path = a', 'SQL.TRANSACTION_CONTROL'],
    ['RESET ALL', 'SQL.TRANSACTION_CONTROL'],
    ['LOCK TABLE t', 'SQL.TRANSACTION_CONTROL'],
    ['SET CONSTRAINTS ALL DEFERRED', 'SQL.TRANSACTION_CONTROL'],
    ["SELECT set_config('lock_timeout', '0', false)", 'SQL.TRANSACTION_CONTROL'],
    ['SELECT pg_advisory_unlock_all()', 'SQL.TRANSACTION_CONTROL'],
    ['PREPARE a AS SELECT 1', 'SQL.SESSION'],
    ['DECLARE c CURSOR FOR SELECT 1', 'SQL.SESSION'],
    ['DISCARD ALL', 'SQL.SESSION'],
    ['LISTEN x', 'SQL.SESSION'],
    ['CREATE TEMP TABLE users (id int)', 'SQL.SESSION'],
    ['CREATE TEMPORARY TABLE x AS SELECT 1', 'SQL.SESSION'],
    ['SELECT * INTO TEMP x FROM users', 'SQL.SESSION'],
    ['CREATE TEMP VIEW v AS SELECT 1', 'SQL.SESSION'],
    ['CREATE TEMP SEQUENCE s', 'SQL.SESSION'],
    ['CREATE TABLE pg_temp.users (id int)', 'SQL.SESSION'],
    ['COPY t TO STDOUT', 'SQL.SESSION'],
    ['COPY t FROM STDIN', 'SQL.COPY_STDIN'],
    ['CREATE DATABASE d', 'SQL.CLUSTER_WIDE'],
    ['ALTER DATABASE d SET a = 1', 'SQL.CLUSTER_WIDE'],
    ['DROP TABLESPACE x', 'SQL.CLUSTER_WIDE'],
    ['ALTER SYSTEM SET a = 1', 'SQL.CLUSTER_WIDE'],
    ['DROP TABLE a, phasegate.unit', 'SQL.JOURNAL'],
    ['UPDATE phasegate.unit SET state = 1', 'SQL.JOURNAL'],
    ['SELECT * FROM users WHERE id IN (SELECT 1 FROM phasegate.unit)', 'SQL.JOURNAL'],
    ['CREATE SCHEMA phasegate', 'SQL.JOURNAL'],
    ['DROP SCHEMA IF EXISTS a, phasegate CASCADE', 'SQL.JOURNAL'],
    ['ALTER SCHEMA phasegate RENAME TO x', 'SQL.JOURNAL'],
    ['GRANT USAGE ON SCHEMA phasegate TO x', 'SQL.JOURNAL'],
    ['GRANT SELECT ON ALL TABLES IN SCHEMA phasegate TO x', 'SQL.JOURNAL'],
    ['ALTER TABLE t SET SCHEMA phasegate', 'SQL.JOURNAL'],
    ['COMMENT ON TABLE phasegate.unit IS NULL', 'SQL.JOURNAL'],
    ['ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES phasegate.unit (y)', 'SQL.JOURNAL'],
    ['SELECT phasegate.f()', 'SQL.JOURNAL'],
    ["CREATE FUNCTION phasegate.f() RETURNS int LANGUAGE sql AS ''", 'SQL.JOURNAL'],
    ["ALTER TYPE phasegate.e ADD VALUE 'x'", 'SQL.JOURNAL'],
    ['CREATE TABLE t (a phasegate.e)', 'SQL.JOURNAL'],
  ])('%s -> %s, with the line and what to do instead', (sql, code) => {
    try {
      refuse(sql)
    } catch (error) {
      expect(error).toMatchObject({ code, exit: 2, where: { file: 'm.sql', line: 7 } })
      expect((error as { next: readonly string[] }).next.length).toBeGreaterThan(0)
      return
    }
    throw new Error('was not refused')
  })

  it('lets ordinary statements pass, also where the word is no schema', () => {
    refuse(`ALTER TABLE t ADD COLUMN phasegate int; UPDATE t SET phasegate = 1; CREATE TABLE phasegate (id int);
      SELECT phasegate.id FROM phasegate; DROP TABLE phasegate; VACUUM t; ALTER FUNCTION f() SET lock_timeout = '1s';
      ALTER ROLE x SET a = 1; COPY t TO '/tmp/x'`)
  })
})

import { describe, expect, it } from 'vitest'
import { parseStatements } from './parse-statements.js'
import { refuseStatement } from './refuse-statement.js'

function refuse(sql: string): void {
  for (const statement of parseStatements(sql, 'm.sql', 7)) refuseStatement(statement, 'expand', 'm.sql')
}

describe('refuseStatement', () => {
  it.each([
    ['BEGIN', 'SQL.TRANSACTION_CONTROL'],
    ['START TRANSACTION READ ONLY', 'SQL.TRANSACTION_CONTROL'],
    ['commit', 'SQL.TRANSACTION_CONTROL'],
    ['ROLLBACK TO SAVEPOINT a', 'SQL.TRANSACTION_CONTROL'],
    ['SAVEPOINT a', 'SQL.TRANSACTION_CONTROL'],
    ['RELEASE SAVEPOINT a', 'SQL.TRANSACTION_CONTROL'],
    ['LOCK TABLES t WRITE', 'SQL.TRANSACTION_CONTROL'],
    ['UNLOCK TABLES', 'SQL.TRANSACTION_CONTROL'],
    ["XA START 'a'", 'SQL.TRANSACTION_CONTROL'],
    ["SET sql_mode = ''", 'SQL.TRANSACTION_CONTROL'],
    ['SET @a = 1', 'SQL.TRANSACTION_CONTROL'],
    ['SET foreign_key_checks = 0', 'SQL.TRANSACTION_CONTROL'],
    ['SET STATEMENT max_statement_time = 1 FOR SELECT 1', 'SQL.TRANSACTION_CONTROL'],
    ["PREPARE a FROM 'SELECT 1'", 'SQL.SESSION'],
    ['EXECUTE a', 'SQL.SESSION'],
    ['DEALLOCATE PREPARE a', 'SQL.SESSION'],
    ['USE other', 'SQL.SESSION'],
    ['CREATE TEMPORARY TABLE users (id int)', 'SQL.SESSION'],
    ['CREATE OR REPLACE TEMPORARY TABLE users (id int)', 'SQL.SESSION'],
    ['DROP TEMPORARY TABLE users', 'SQL.SESSION'],
    ['HANDLER t OPEN', 'SQL.SESSION'],
    ['KILL 5', 'SQL.SESSION'],
    ["DO GET_LOCK('a', 1)", 'SQL.SESSION'],
    ["SELECT RELEASE_LOCK('a')", 'SQL.SESSION'],
    ['SELECT @a := 1', 'SQL.SESSION'],
    ['SELECT id INTO @a FROM t', 'SQL.SESSION'],
    ['UPDATE t SET a = @b', 'SQL.SESSION'],
    ['CALL p(@a)', 'SQL.SESSION'],
    ["SELECT * INTO OUTFILE '/tmp/x' FROM t", 'SQL.SESSION'],
    ["LOAD DATA LOCAL INFILE 'x' INTO TABLE t", 'SQL.LOAD_DATA'],
    ['CREATE DATABASE d', 'SQL.CLUSTER_WIDE'],
    ['ALTER SCHEMA d CHARACTER SET utf8mb4', 'SQL.CLUSTER_WIDE'],
    ['DROP DATABASE d', 'SQL.CLUSTER_WIDE'],
    ["CREATE USER 'a'@'b' IDENTIFIED BY 'c'", 'SQL.CLUSTER_WIDE'],
    ["ALTER USER a IDENTIFIED BY 'c'", 'SQL.CLUSTER_WIDE'],
    ['DROP ROLE a', 'SQL.CLUSTER_WIDE'],
    ['RENAME USER a TO b', 'SQL.CLUSTER_WIDE'],
    ['SET GLOBAL max_connections = 5', 'SQL.CLUSTER_WIDE'],
    ['SET @@global.max_connections = 5', 'SQL.CLUSTER_WIDE'],
    ["SET PASSWORD = 'a'", 'SQL.CLUSTER_WIDE'],
    ['FLUSH TABLES', 'SQL.CLUSTER_WIDE'],
    ['RESET MASTER', 'SQL.CLUSTER_WIDE'],
    ["PURGE BINARY LOGS TO 'x'", 'SQL.CLUSTER_WIDE'],
    ["INSTALL PLUGIN a SONAME 'b'", 'SQL.CLUSTER_WIDE'],
    ["CREATE FUNCTION f RETURNS STRING SONAME 'x.so'", 'SQL.CLUSTER_WIDE'],
    ["CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'a'", 'SQL.CLUSTER_WIDE'],
    ['STOP REPLICA', 'SQL.CLUSTER_WIDE'],
    ['SHUTDOWN', 'SQL.CLUSTER_WIDE'],
    ["CREATE TABLESPACE a ADD DATAFILE 'b.ibd'", 'SQL.CLUSTER_WIDE'],
    ['DROP TABLE a, phasegate_unit', 'SQL.JOURNAL'],
    ['UPDATE `phasegate_unit` SET state = 1', 'SQL.JOURNAL'],
    ['SELECT * FROM users WHERE id IN (SELECT 1 FROM app.Phasegate_Step)', 'SQL.JOURNAL'],
    ['GRANT SELECT ON phasegate_unit TO x', 'SQL.JOURNAL'],
    ['CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW DELETE FROM phasegate_event', 'SQL.JOURNAL'],
    ['ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES phasegate_unit (y)', 'SQL.JOURNAL'],
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

  it('lets ordinary statements pass', () => {
    refuse(`ALTER TABLE t ADD COLUMN phasegate int; UPDATE t SET phasegate = 1 WHERE a = 'phasegate_unit';
      CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW BEGIN DECLARE EXIT HANDLER FOR 1062 SET @a = 1; SET NEW.a = @a; END;
      CREATE DEFINER = 'a'@'b' VIEW v AS SELECT 1; GRANT SELECT ON app.* TO 'a'@'b'; UPDATE t SET a := 1;
      CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1; CREATE OR REPLACE FUNCTION f() RETURNS int RETURN 1;
      SELECT @@version; ALTER FUNCTION f COMMENT 'x'; CALL p(1); TABLE t; SHOW TABLES; CREATE TABLE phasegate (id int)`)
  })
})

import { PhasegateError } from '@phasegate/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseStatements } from './parse-statements.js'

function texts(sql: string): string[] {
  return parseStatements(sql, 'm.sql').map(({ text }) => text)
}

function refused(sql: string, firstLine?: number): PhasegateError {
  try {
    parseStatements(sql, 'm.sql', firstLine)
  } catch (error) {
    if (error instanceof PhasegateError) return error
    throw error
  }
  throw new Error(`nothing refused ${sql}`)
}

const BODIES = [
  'CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW SET NEW.a = CASE WHEN NEW.b THEN 1 ELSE 2 END',
  'CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW FOLLOWS b BEGIN SET NEW.a = 1; SET NEW.b = IF(NEW.a, 1, 2); END',
  `CREATE DEFINER=\`a\`@'b;c' TRIGGER a AFTER UPDATE ON t FOR EACH ROW l: BEGIN
     DECLARE x INT DEFAULT 0;
     DECLARE EXIT HANDLER FOR SQLSTATE VALUE '23000', 1062, NOT FOUND BEGIN SET x = 1; END;
     IF NEW.a <=> OLD.a THEN SET x = CASE OLD.b WHEN 1 THEN 2 END; ELSEIF x THEN LEAVE l; ELSE SET x = 2; END IF;
     CASE x WHEN 1 THEN SET x = 2; ELSE BEGIN END; END CASE;
     WHILE x < 3 DO SET x = x + 1; END WHILE;
     m: LOOP LEAVE m; END LOOP m;
     REPEAT SET x = x + 1; UNTIL CASE x WHEN 9 THEN 1 END END REPEAT;
     DROP TABLE IF EXISTS nope; INSERT INTO t (\`end\`) SELECT t.end FROM t;
   END l`,
  `CREATE PROCEDURE p(IN a INT, OUT b VARCHAR(10)) COMMENT 'x;' SQL SECURITY INVOKER MODIFIES SQL DATA
     BEGIN FOR i IN 1..10 DO SELECT i; END FOR; END`,
  'CREATE PROCEDURE p() SELECT CASE WHEN 1 THEN 2 END',
  'CREATE FUNCTION f(a INT) RETURNS VARCHAR(20) CHARSET utf8mb4 DETERMINISTIC NO SQL BEGIN IF a THEN RETURN 1; END IF; RETURN 2; END',
  'CREATE FUNCTION f() RETURNS INT UNSIGNED RETURN (SELECT CASE 1 WHEN 1 THEN 2 END)',
  'CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS (NOW() + INTERVAL 1 DAY) DO BEGIN DELETE FROM t; UPDATE t SET a = 1; END',
  'CREATE OR REPLACE VIEW v AS SELECT CASE WHEN a THEN b END AS `begin` FROM t',
]

describe('parseStatements', () => {
  it('keeps semicolons in strings, comments, names and bodies', () => {
    const written = [`INSERT INTO \`a;b\` VALUES (';', "\\";", 'it''s;')`, 'SELECT 1 /* ; */ + 1', ...BODIES]
    expect(texts(`${written.join(';\n')};`)).toEqual(written)
    expect(texts(written.join(';'))).toEqual(written)
  })

  it('knows what a body belongs to', () => {
    expect(parseStatements(BODIES.join(';'), 'm.sql').map(({ node }) => node.kind)).toEqual([
      ...Array(3).fill('create trigger'),
      ...Array(5).fill('create routine'),
      'create view',
    ])
  })

  it('leaves out comments around a statement and keeps those inside of it', () => {
    const sql = '-- a\n/* b */ SELECT 1 -- c\n + 2 /* d */ ; # e\n\n## f\nSELECT 3 -- g\n-- h\n'
    expect(texts(sql)).toEqual(['SELECT 1 -- c\n + 2', 'SELECT 3'])
    expect(parseStatements(sql, 'm.sql').map(({ comments }) => comments)).toEqual([
      ['a', 'e'],
      ['f', 'g'],
    ])
  })

  it('gives lines of the file, with CRLF too', () => {
    const lines = (sql: string, first?: number) => parseStatements(sql, 'm.sql', first).map(({ line }) => line)
    expect(lines('SELECT 1;\n\n-- x\nSELECT\n2;SELECT 3')).toEqual([1, 4, 5])
    expect(lines('\r\nSELECT 1;\r\nSELECT 2;\r\n', 10)).toEqual([11, 12])
  })

  it('is empty for nothing but blanks and comments', () => {
    expect(texts('')).toEqual([])
    expect(texts(' \n-- nothing\n/* here */')).toEqual([])
  })

  it.each([
    ['SELECT 1;;SELECT 2', 'SQL.EMPTY', 1],
    [';', 'SQL.EMPTY', 1],
    ['SELECT 1;\n-- x\n;\n', 'SQL.EMPTY', 3],
    ["SELECT 'ü';\nSELECT 'abc", 'SQL.SYNTAX', 2],
    ['SELECT 1;\nDELIMITER //\nCREATE TRIGGER a', 'SQL.DELIMITER', 2],
    ['CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW BEGIN\nSET a = 1;', 'SQL.SYNTAX', 2],
    ['CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW\nIF 1 THEN SET a = 1; END', 'SQL.SYNTAX', 2],
    [`CREATE PROCEDURE p() ${'BEGIN '.repeat(300)}`, 'SQL.TOO_COMPLEX', 1],
    ['SELECT 1;\nALTER TABLE t ADD COLUMN a int FROBNICATE', 'SQL.CLAUSE', 2],
    ['ALTER TABLE t ADD COLUMN a int b int', 'SQL.CLAUSE', 1],
    ['ALTER TABLE t DISABLE KEYS', 'SQL.CLAUSE', 1],
    ['ALTER IGNORE TABLE t ADD UNIQUE (a)', 'SQL.CLAUSE', 1],
    ['ALTER ONLINE TABLE t ADD a int', 'SQL.CLAUSE', 1],
    ['ALTER TABLE t NOWAIT ADD a int', 'SQL.CLAUSE', 1],
    ['ALTER TABLE t MODIFY IF EXISTS a int', 'SQL.CLAUSE', 1],
    ['ALTER TABLE t ADD PERIOD FOR p (a, b)', 'SQL.CLAUSE', 1],
    ['ALTER TABLE t', 'SQL.SYNTAX', 1],
    ['ALTER TABLE t ADD COLUMN select int', 'SQL.SYNTAX', 1],
    ['ALTER TABLE t ADD COLUMN a', 'SQL.SYNTAX', 1],
    ['ALTER TABLE t ADD INDEX (a', 'SQL.SYNTAX', 1],
    ['ALTER TABLE t ADD a int,', 'SQL.SYNTAX', 1],
    ['CREATE TABLE t (a int, b)', 'SQL.SYNTAX', 1],
    ['CREATE TABLE t (a int SOMEHOW)', 'SQL.CLAUSE', 1],
    ['DROP TABLE a b', 'SQL.CLAUSE', 1],
    ['DROP INDEX i ON t WAIT 3', 'SQL.CLAUSE', 1],
    ['SELECT 1;\n-- verbatim\n', 'SQL.STRAY_DIRECTIVE', 2],
    ['SELECT 1\n# allow: TABLE.REWRITE because small\n', 'SQL.STRAY_DIRECTIVE', 2],
  ])('refuses %j with a code and the line', (sql, code, line) => {
    const error = refused(sql)
    expect(error).toMatchObject({ code, where: { file: 'm.sql', line }, exit: 2 })
    expect(refused(sql, 41).where?.line).toBe(line + 40)
  })

  it('names the clause that it does not know', () => {
    expect(refused('ALTER TABLE t ADD a int, FROBNICATE b').message).toContain('FROBNICATE b')
  })

  it('splits any mixture of strings, comments and names back into what was put in', { timeout: 60_000 }, () => {
    const inside = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replace(/\0|\p{Surrogate}/gu, ''))
    const nasty = fc.oneof(
      inside,
      fc.constantFrom(';', "'", '"', '--', '/*', '*/', '`', '\\', '\n', '\r\n', '#', '😀;'),
    )
    const piece = fc.array(nasty, { maxLength: 4 }).map((parts) => parts.join(''))
    const value = fc.oneof(
      piece.map((text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`),
      piece.map((text) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`),
      piece.map((text) => `/* ${text.replaceAll(/[/*!]/g, '')} ; */ 1`),
      piece.map((text) => `# ${text.replaceAll(/[\r\n]/g, '')};\n 2`),
    )
    const name = piece.map((text) => `\`x${text.replaceAll('`', '``')}\``)
    const statement = fc.oneof(
      fc.tuple(value, name, value).map(([a, n, b]) => `SELECT ${a} AS ${n}, ${b} FROM t`),
      fc
        .tuple(value, name)
        .map(
          ([a, n]) =>
            `CREATE TRIGGER ${n} BEFORE INSERT ON t FOR EACH ROW BEGIN IF ${a} THEN SET NEW.a = CASE ${a} WHEN 1 THEN 2 END; END IF; END`,
        ),
    )
    const separator = fc.constantFrom(';', ' ;\n', '; -- c\n', ';/* ; */', '\n;\r\n# ö;\r\n')
    fc.assert(
      fc.property(fc.array(fc.tuple(statement, separator), { minLength: 1, maxLength: 5 }), (list) => {
        expect(texts(list.flat().join(''))).toEqual(list.map(([sql]) => sql))
        expect(texts(list.flat().slice(0, -1).join(''))).toEqual(list.map(([sql]) => sql))
      }),
      { numRuns: 100 },
    )
  })

  it('answers any text with statements or a coded error', { timeout: 60_000 }, () => {
    const words = fc.constantFrom(
      ...`ALTER TABLE CREATE TRIGGER PROCEDURE FUNCTION INDEX DROP COLUMN ADD MODIFY CHANGE RENAME TO DEFAULT NOT NULL PRIMARY
      KEY UNIQUE FOREIGN REFERENCES CHECK BEGIN END IF CASE WHEN THEN LOOP FOR EACH ROW SELECT FROM WHERE UPDATE SET INSERT
      INTO VALUES DELETE GRANT ON PARTITION BY ALGORITHM = INSTANT LOCK int varchar a b \`c\` 'd' 1 ( ) , ; . * @x :=`.split(
        /\s+/,
      ),
    )
    fc.assert(
      fc.property(
        fc.array(fc.oneof(words, words, fc.string({ unit: 'binary', maxLength: 2 })), { maxLength: 25 }),
        (parts) => {
          try {
            parseStatements(parts.join(' '), 'm.sql')
          } catch (error) {
            if (!(error instanceof PhasegateError)) throw error
          }
        },
      ),
      { numRuns: 600 },
    )
  })
})

import { createMadeObjects } from '@phasegate/core'
import { describe, expect, it } from 'vitest'
import { capabilitiesOf } from '../server/capabilities.js'
import { mysqlServer } from '../server/mysql-server.js'
import { asItRuns } from './as-it-runs.js'
import { parseStatements } from './parse-statements.js'
import { readFacts } from './read-facts.js'

const mysql = capabilitiesOf(mysqlServer('mysql', '9.7.4'))
const mariadb = capabilitiesOf(mysqlServer('mariadb', '10.11.19'))

function run(sql: string, can = mysql, verbatim = false) {
  const made = createMadeObjects()
  const statements = parseStatements(sql, 'm.sql')
  for (const statement of statements.slice(0, -1)) made.record(readFacts(statement, made, can).changes)
  return asItRuns(statements.at(-1)!, made, verbatim, can)
}

describe('asItRuns', () => {
  it.each([
    ['ALTER TABLE t ADD c int', ', ALGORITHM=INSTANT', ', ALGORITHM=INSTANT'],
    ['ALTER TABLE t ADD INDEX i (a)', ', ALGORITHM=INPLACE, LOCK=NONE', ', ALGORITHM=NOCOPY, LOCK=NONE'],
    ['CREATE INDEX i ON t (a)', ' ALGORITHM=INPLACE LOCK=NONE', ' ALGORITHM=NOCOPY LOCK=NONE'],
    ['ALTER TABLE t DROP CONSTRAINT k', ', ALGORITHM=INPLACE, LOCK=NONE', ', ALGORITHM=NOCOPY, LOCK=NONE'],
    ["ALTER TABLE t COMMENT 'x'", ', ALGORITHM=INPLACE, LOCK=NONE', ', ALGORITHM=INSTANT'],
    ['ALTER TABLE t ENGINE=InnoDB', ', ALGORITHM=INPLACE, LOCK=NONE', ', ALGORITHM=INPLACE, LOCK=NONE'],
    ['ALTER TABLE t RENAME TO u', ', ALGORITHM=INSTANT', ', ALGORITHM=INSTANT'],
    [
      'ALTER TABLE t MODIFY COLUMN c <definition> NULL',
      ', ALGORITHM=INPLACE, LOCK=NONE',
      ', ALGORITHM=INPLACE, LOCK=NONE',
    ],
    ['ALTER TABLE t MODIFY c bigint', '', ''],
    ['ALTER TABLE t ADD CHECK (a > 0)', '', ''],
    ['ALTER TABLE t ADD FULLTEXT INDEX i (a)', '', ''],
    ['CREATE FULLTEXT INDEX i ON t (a)', '', ''],
    ['ALTER TABLE t DROP PARTITION p', '', ''],
    ['ALTER TABLE t ADD c int, LOCK=SHARED', '', ''],
    ['ALTER TABLE t ADD c int, ALGORITHM=COPY', '', ''],
    ['CREATE INDEX i ON t (a) ALGORITHM=COPY', '', ''],
    ['CREATE INDEX i ON t (a) ALGORITHM=INPLACE', ' LOCK=NONE', ' LOCK=NONE'],
    ['ALTER TABLE t ENGINE=InnoDB, ALGORITHM=INPLACE', ', LOCK=NONE', ', LOCK=NONE'],
    ['ALTER TABLE t MODIFY a int NOT NULL, ALGORITHM=INPLACE', ', LOCK=NONE', ', LOCK=NONE'],
    ['ALTER TABLE t ADD FULLTEXT INDEX i (a), ALGORITHM=INPLACE', '', ''],
    ['ALTER TABLE t ADD c int, ALGORITHM=INSTANT', '', ''],
    ['ALTER TABLE t ADD c int, ALGORITHM=DEFAULT', ', ALGORITHM=INSTANT', ', ALGORITHM=INSTANT'],
    ['ALTER TABLE t MODIFY a bigint, LOCK=DEFAULT', '', ''],
    ['UPDATE t SET a = 1', '', ''],
  ])('%s', (sql, onMysql, onMariadb) => {
    expect(run(sql).text).toBe(sql + onMysql)
    expect(run(sql, mariadb).text).toBe(sql + onMariadb)
    expect(run(sql, mysql, true).text).toBe(sql)
  })

  it('puts ours in the place of a DEFAULT that CREATE INDEX says, which takes each only once', () => {
    const ours = 'CREATE INDEX `lock` ON t (a) COMMENT "x" ALGORITHM=INPLACE LOCK=NONE'
    expect(run('CREATE INDEX `lock` ON t (a) COMMENT "x" LOCK=DEFAULT ALGORITHM DEFAULT').text).toBe(ours)
    expect(run('CREATE INDEX `lock` ON t (a) COMMENT "x" LOCK=DEFAULT ALGORITHM=INPLACE').text).toBe(ours)
  })

  it('copies beside traffic where the server can', () => {
    const can = capabilitiesOf(mysqlServer('mariadb', '11.4'))
    expect(run('ALTER TABLE t ADD CHECK (a > 0)', can).text).toBe(
      'ALTER TABLE t ADD CHECK (a > 0), ALGORITHM=COPY, LOCK=NONE',
    )
    expect(run('ALTER TABLE t MODIFY a bigint', can).text).toBe('ALTER TABLE t MODIFY a bigint')
  })

  it('leaves tables of the same file as they are', () => {
    const table = 'CREATE TABLE n (a int);'
    expect(run(`${table} ALTER TABLE n ADD c int`).text).toBe('ALTER TABLE n ADD c int')
    expect(run(`${table} CREATE INDEX i ON n (a)`).text).toBe('CREATE INDEX i ON n (a)')
  })

  it('names an index that has no name, so that a resumed run finds it', () => {
    expect(run('ALTER TABLE t ADD INDEX (a, `b c`), ADD UNIQUE USING BTREE (d)').text).toBe(
      'ALTER TABLE t ADD INDEX `t_a_b c_idx` (a, `b c`), ADD UNIQUE t_d_key USING BTREE (d), ALGORITHM=INPLACE, LOCK=NONE',
    )
    expect(run('ALTER TABLE t ADD KEY ((lower(a)))').text).toMatch(
      /^ALTER TABLE t ADD KEY t_expr_[0-9a-f]{8}_idx \(\(lower\(a\)\)\)$/,
    )
    expect(run('ALTER TABLE t ADD INDEX (a)', mysql, true).text).toBe('ALTER TABLE t ADD INDEX (a)')
  })

  it('finds a clause where it stands, not where a comment or a string says the same', () => {
    const words = "ALTER TABLE t COMMENT 'ADD INDEX (a)', -- ADD INDEX (a),\n"
    const options = ', ALGORITHM=INPLACE, LOCK=NONE'
    expect(run(`${words} ADD INDEX (a)${options}`).text).toBe(`${words} ADD INDEX t_a_idx (a)${options}`)
    expect(run('ALTER TABLE t /* DROP IF EXISTS c, */ DROP IF /* ? */ EXISTS c').text).toBe(
      'ALTER TABLE t /* DROP IF EXISTS c, */ DROP c, ALGORITHM=INSTANT',
    )
  })

  it('drops an index as a clause of ALTER TABLE, which takes an algorithm on both', () => {
    expect(run('DROP INDEX `i j` ON s.t').text).toBe('ALTER TABLE s.t DROP INDEX `i j`, ALGORITHM=INPLACE, LOCK=NONE')
    expect(run('DROP INDEX i ON t', mariadb).text).toBe('ALTER TABLE t DROP INDEX i, ALGORITHM=NOCOPY, LOCK=NONE')
  })

  it('keeps IF EXISTS in the tree where the text cannot have it', () => {
    const clause = { kind: 'drop column', column: 'c', ifExists: true }
    const onMysql = run('-- why\nALTER TABLE t DROP COLUMN IF EXISTS c')
    expect(onMysql).toMatchObject({
      text: 'ALTER TABLE t DROP COLUMN c, ALGORITHM=INSTANT',
      comments: ['why'],
      node: { clauses: [clause] },
    })
    const onMariadb = run('ALTER TABLE t DROP COLUMN IF EXISTS c', mariadb)
    expect(onMariadb).toMatchObject({
      text: 'ALTER TABLE t DROP COLUMN IF EXISTS c, ALGORITHM=INSTANT',
      node: { clauses: [clause] },
    })
  })

  it.each([
    ['ALTER TABLE t ALTER c SET NOT NULL', true],
    ['ALTER TABLE t ADD COLUMN IF NOT EXISTS c int', false],
  ])('refuses %s, which MySQL does not know', (sql, verbatim) => {
    expect(() => run(sql, mysql, verbatim)).toThrow(expect.objectContaining({ code: 'SQL.CLAUSE', exit: 2 }))
  })
})

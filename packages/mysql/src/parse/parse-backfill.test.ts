import { describe, expect, it } from 'vitest'
import { capabilitiesOf } from '../server/capabilities.js'
import { mysqlServer } from '../server/mysql-server.js'
import { parseAssignments } from './parse-assignments.js'
import { parseBackfill } from './parse-backfill.js'
import { parseStatements } from './parse-statements.js'
import { parseTableName } from './parse-table-name.js'

const mysql = capabilitiesOf(mysqlServer('mysql', '8.4'))
const mariadb = capabilitiesOf(mysqlServer('mariadb', '10.11'))

function backfill(sql: string, can = mysql) {
  return parseBackfill(parseStatements(sql, 'm.sql', 3)[0]!, 'm.sql', can)
}

describe('parseBackfill', () => {
  it('takes table, assignments and condition apart, in the words of the author', () => {
    const written = `UPDATE \`app\`.users SET a = CASE WHEN b = 1 THEN 'x, y' END, users.\`c d\` = (SELECT max(o.at) -- why
      FROM orders o WHERE o.user_id = users.id LIMIT 1) WHERE a IS NULL AND \`where\` = 2`
    expect(backfill(`${written};`)).toEqual({
      table: { schema: 'app', name: 'users' },
      set: [
        { column: 'a', expression: "CASE WHEN b = 1 THEN 'x, y' END" },
        {
          column: 'c d',
          expression: '(SELECT max(o.at) -- why\n      FROM orders o WHERE o.user_id = users.id LIMIT 1)',
        },
      ],
      where: 'a IS NULL AND `where` = 2',
      written,
      line: 3,
    })
    expect(backfill('UPDATE t SET a := b')).toEqual({
      table: { name: 't' },
      set: [{ column: 'a', expression: 'b' }],
      written: 'UPDATE t SET a := b',
      line: 3,
    })
  })

  it.each([
    ['UPDATE t, r SET t.a = r.a', 'joins'],
    ['UPDATE t JOIN r ON r.id = t.id SET t.a = r.a', 'joins'],
    ['UPDATE t LEFT JOIN r USING (id) SET t.a = r.a', 'joins'],
    ['UPDATE t AS x SET a = 1', 'alias'],
    ['UPDATE t x SET a = 1', 'alias'],
    ['UPDATE t PARTITION (p0) SET a = 1', 'partitions'],
    ['UPDATE IGNORE t SET a = 1', 'IGNORE'],
    ['UPDATE LOW_PRIORITY t SET a = 1', 'LOW_PRIORITY'],
    ['UPDATE t SET a = 1 ORDER BY id', 'order'],
    ['UPDATE t SET a = 1 WHERE b LIMIT 5', 'LIMIT'],
    ['UPDATE t SET a = 1 WHERE b RETURNING a', 'returns'],
    ['UPDATE t SET a = 1, A = 2', 'twice'],
    ['UPDATE t SET a = DEFAULT', 'DEFAULT'],
    ['UPDATE t SET a = 1 WHERE id IN (SELECT id FROM t WHERE b)', 'itself'],
    ['WITH x AS (SELECT 1) UPDATE t SET a = 1', 'WITH'],
    ['DELETE FROM t', 'removes every row'],
    ['DELETE t FROM t JOIN u ON u.id = t.u WHERE u.a', 'reads other tables'],
    ['DELETE FROM t USING t, u WHERE t.id = u.id', 'reads other tables'],
    ['DELETE FROM t WHERE a ORDER BY b', 'order'],
    ['DELETE FROM t WHERE a LIMIT 10', 'LIMIT'],
    ['DELETE IGNORE FROM t WHERE a', 'IGNORE'],
    ['DELETE FROM t AS x WHERE a', 'alias x'],
    ['DELETE FROM t PARTITION (p) WHERE a', 'partitions'],
    ['INSERT INTO t VALUES (1)', 'another table'],
    ['REPLACE INTO t VALUES (1)', 'another table'],
    ['ALTER TABLE t ADD a int', 'a backfill is one UPDATE'],
  ])('refuses %s', (sql, said) => {
    const thrown = { code: 'BACKFILL.UNBATCHABLE', exit: 2, where: { file: 'm.sql', line: 3 } }
    expect(() => backfill(sql)).toThrow(expect.objectContaining(thrown))
    expect(() => backfill(sql)).toThrow(said)
  })

  it('takes a DELETE apart', () => {
    const sql = "DELETE FROM app.sessions WHERE user_id IS NULL /* , */ OR note = 'WHERE' -- done"
    expect(backfill(sql)).toMatchObject({
      table: { schema: 'app', name: 'sessions' },
      form: { kind: 'delete' },
      set: [],
      where: "user_id IS NULL /* , */ OR note = 'WHERE'",
    })
  })

  it('lets MariaDB read the table that it updates', () => {
    const sql = 'UPDATE t SET a = (SELECT max(b) FROM t AS x)'
    expect(backfill(sql, mariadb).set).toEqual([{ column: 'a', expression: '(SELECT max(b) FROM t AS x)' }])
  })
})

describe('parseAssignments', () => {
  const read = (text: string) =>
    parseAssignments(text, 'm.sql', 5, (reason, next) => new Error(`${reason} / ${next}`) as never)

  it('reads what a sync header says', () => {
    expect(read('a = (b IS NOT NULL), `c` = concat(d, ","), e = 1 = 1')).toEqual([
      { column: 'a', expression: '(b IS NOT NULL)' },
      { column: 'c', expression: 'concat(d, ",")' },
      { column: 'e', expression: '1 = 1' },
    ])
  })

  it.each(['a', 'a =', '= 1', 'a = 1,', '(a, b) = (1, 2)', 'f(a) = 1', ''])('refuses %j', (text) => {
    expect(() => read(text)).toThrow()
  })
})

describe('parseTableName', () => {
  it.each([
    ['users', { name: 'users' }],
    [' billing.`in.voice` ', { schema: 'billing', name: 'in.voice' }],
    ['a b', undefined],
    ['a.b.c', undefined],
    ['select', undefined],
    ['', undefined],
    ['`a', undefined],
    ["'a'", undefined],
  ])('reads %j', (text, name) => {
    expect(parseTableName(text, 'm.sql', 1)).toEqual(name)
  })
})

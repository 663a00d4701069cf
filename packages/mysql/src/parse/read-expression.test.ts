import { describe, expect, it } from 'vitest'
import { readExpression } from './read-expression.js'

describe('readExpression', () => {
  it.each([
    ['verified_at IS NOT NULL', ['verified_at'], false, false],
    ['lower(`E-Mail`) = users.name -- end', ['E-Mail', 'name'], false, false],
    ['now()', [], false, false],
    ['rand() * a', ['a'], true, false],
    ['UUID()', [], true, false],
    ['NEXT VALUE FOR s + a', ['a'], true, false],
    ['@x', [], true, false],
    ['billing.next_number(a)', ['a'], false, false],
    ['(SELECT count(*) FROM o WHERE o.user_id = users.id)', ['user_id', 'id'], false, true],
    [
      '(SELECT max(o.at) FROM orders o JOIN items AS i ON i.order_id = o.id, other, `x` WHERE state = 1 ORDER BY z LIMIT 1)',
      ['at', 'order_id', 'id', 'state', 'z'],
      false,
      true,
    ],
    [
      '(SELECT a AS b, c d FROM (SELECT * FROM e) f USE INDEX (g) WHERE h IN (1, i))',
      ['a', 'c', '*', 'h', 'i'],
      false,
      true,
    ],
    ['(WITH w AS (SELECT a FROM t) SELECT b FROM w)', ['a', 'b'], false, true],
    ['EXISTS (SELECT 1)', [], false, true],
    ['CASE WHEN a THEN `case` ELSE NULL END', ['a', 'case'], false, false],
    ['CAST(a AS DECIMAL(10, 2)) + CONVERT(b, SIGNED) + CONVERT(c USING utf8mb4)', ['a', 'b', 'c'], false, false],
    ["a + INTERVAL b DAY - INTERVAL 1 DAY_HOUR > DATE '2024-01-01'", ['a', 'b'], false, false],
    ["EXTRACT(YEAR FROM a) + TIMESTAMPDIFF(DAY, b, c) + TRIM(BOTH 'x' FROM d)", ['a', 'b', 'c', 'd'], false, false],
    ["a COLLATE utf8mb4_bin LIKE b ESCAPE '|'", ['a', 'b'], false, false],
    ["_utf8mb4'x' 'y' = a AND x'00' <> b", ['a', 'b'], false, false],
    ['POSITION(a IN b) > 0 AND c NOT IN (1, 2)', ['a', 'b', 'c'], false, false],
    ["MATCH (a, b) AGAINST ('x' IN BOOLEAN MODE)", ['a', 'b'], false, false],
    ["doc->>'$.a' = status AND rank > 1", ['doc', 'status', 'rank'], false, false],
    ['CURRENT_TIMESTAMP(6)', [], false, false],
    ['t.select', ['select'], false, false],
    ["'a; b'", [], false, false],
    ['-a', ['a'], false, false],
    ['IF(a IS UNKNOWN, b, 1)', ['a', 'b'], false, false],
    ['a IS NOT UNKNOWN', ['a'], false, false],
    ["JSON_VALUE(a, '$.b' RETURNING SIGNED DEFAULT 5 ON EMPTY ERROR ON ERROR) + b", ['a', 'b'], false, false],
    ["JSON_VALUE(error, '$.b' NULL ON EMPTY)", ['error'], false, false],
    ["Email IS NOT NULL AND t.email <> ''", ['Email'], false, false],
    ['sum(a) OVER (PARTITION BY b ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)', ['a', 'b'], false, false],
  ])('%s', (text, columns, volatile, hasSubquery) => {
    expect(readExpression(text, 'm.ts')).toMatchObject({ columns, volatile, hasSubquery })
  })

  it.each([
    ['now()', true],
    ['a > CURRENT_DATE', true],
    ['UNIX_TIMESTAMP()', true],
    ['UNIX_TIMESTAMP(a)', false],
    ['USER()', true],
    ['UTC_TIMESTAMP', true],
    ["'now()'", false],
    ['now', false],
  ])('knows of %s whether tomorrow it is another', (text, differs) => {
    expect(readExpression(text, 'm.ts').perTransaction).toBe(differs)
  })

  it('says which column is written with its schema', () => {
    expect(readExpression('app.users.a + users.b', 'm.ts').schemaQualified).toBe('app.users.a')
    expect(readExpression('app.f(users.b)', 'm.ts').schemaQualified).toBeUndefined()
  })

  it.each([
    ['', 'SQL.EXPRESSION'],
    ['a, b', 'SQL.EXPRESSION'],
    ['a; b', 'SQL.EXPRESSION'],
    ['a b', 'SQL.EXPRESSION'],
    ['a AS b', 'SQL.EXPRESSION'],
    ['a +', 'SQL.EXPRESSION'],
    ['= a', 'SQL.EXPRESSION'],
    ['1 2', 'SQL.EXPRESSION'],
    ['SELECT 1', 'SQL.EXPRESSION'],
    ['a FROM b', 'SQL.EXPRESSION'],
    ['a WHERE b', 'SQL.EXPRESSION'],
    ['a DESC', 'SQL.EXPRESSION'],
    ['-- nothing', 'SQL.EXPRESSION'],
    ['(a', 'SQL.SYNTAX'],
    ['a)', 'SQL.SYNTAX'],
    [')(', 'SQL.SYNTAX'],
    ["'a", 'SQL.SYNTAX'],
  ])('refuses %j', (text, code) => {
    expect(() => readExpression(text, 'm.ts', 4)).toThrow(expect.objectContaining({ code, exit: 2 }))
  })
})

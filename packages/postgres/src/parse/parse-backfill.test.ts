import { beforeAll, describe, expect, it } from 'vitest'
import { parseBackfill } from './parse-backfill.js'
import { parseStatements } from './parse-statements.js'
import { loadParser } from './parser.js'

beforeAll(loadParser)

function backfill(sql: string) {
  return parseBackfill(parseStatements(sql, 'm.sql', 3)[0]!, 'm.sql')
}

describe('parseBackfill', () => {
  it("takes the reference article's statement apart", () => {
    const sql = 'UPDATE users SET email_verified = (verified_at IS NOT NULL)\nWHERE email_verified IS NULL;'
    expect(backfill(sql)).toEqual({
      table: { name: 'users' },
      set: [{ column: 'email_verified', expression: '(verified_at IS NOT NULL)' }],
      where: 'email_verified IS NULL',
      written: sql.slice(0, -1),
      line: 3,
    })
  })

  it('keeps expressions as they were written, with commas, strings, comments and names of any kind inside', () => {
    const { table, set, where } = backfill(`UPDATE "Größe"."Tür" SET
      a = coalesce(b, 'x, WHERE = ö', $$,$$), -- first, of all
      "B""c" = CASE WHEN a = ARRAY[1, 2] THEN (SELECT max(x) FROM o WHERE o.id = "Tür".id) ELSE 1 END,
      d = a IS DISTINCT FROM 'é' /* , */ WHERE (d IS NULL) OR a > 1 -- done`)
    expect(table).toEqual({ schema: 'Größe', name: 'Tür' })
    expect(set).toEqual([
      { column: 'a', expression: "coalesce(b, 'x, WHERE = ö', $$,$$)" },
      {
        column: 'B"c',
        expression: 'CASE WHEN a = ARRAY[1, 2] THEN (SELECT max(x) FROM o WHERE o.id = "Tür".id) ELSE 1 END',
      },
      { column: 'd', expression: "a IS DISTINCT FROM 'é'" },
    ])
    expect(where).toBe('(d IS NULL) OR a > 1')
  })

  it('takes a DELETE apart', () => {
    const sql = `DELETE FROM app.sessions WHERE user_id IS NULL /* , */ OR note = 'WHERE' -- done`
    expect(backfill(sql)).toMatchObject({
      table: { schema: 'app', name: 'sessions' },
      form: { kind: 'delete' },
      set: [],
      where: `user_id IS NULL /* , */ OR note = 'WHERE'`,
    })
  })

  it('needs no condition', () => {
    expect(backfill('UPDATE t SET n = n + 1')).toMatchObject({ set: [{ column: 'n', expression: 'n + 1' }] })
    expect(backfill('UPDATE t SET n = n + 1').where).toBeUndefined()
  })

  it.each([
    ['UPDATE t SET a = u.b FROM u WHERE t.id = u.id', 'FROM'],
    ['WITH x AS (SELECT 1) UPDATE t SET a = 1', 'WITH'],
    ['UPDATE t SET a = 1 RETURNING id', 'returns rows'],
    ['UPDATE t AS x SET a = 1', 'alias x'],
    ['UPDATE ONLY t SET a = 1', 'ONLY'],
    ['UPDATE t SET (a, b) = (1, 2)', 'several columns at once'],
    ['UPDATE t SET (a, b) = (SELECT 1, 2)', 'several columns at once'],
    ['UPDATE t SET a[1] = 2', 'a part of a'],
    ['UPDATE t SET a.b = 2', 'a part of a'],
    ['UPDATE t SET a = DEFAULT', 'DEFAULT'],
    ['UPDATE t SET a = 1, a = 2', 'assigns a twice'],
    ['UPDATE t SET a = 1 WHERE id IN (SELECT id FROM t WHERE a IS NULL LIMIT 1000)', 'LIMIT'],
    ['UPDATE t SET a = 1 WHERE ctid = ANY (ARRAY(SELECT ctid FROM t LIMIT 9 FOR UPDATE SKIP LOCKED))', 'LIMIT'],
    ['UPDATE t SET a = 1 WHERE CURRENT OF c', 'cursor'],
    ['DELETE FROM t', 'removes every row'],
    ['DELETE FROM t USING u WHERE t.id = u.id', 'USING'],
    ['DELETE FROM t WHERE a RETURNING id', 'returns rows'],
    ['DELETE FROM ONLY t WHERE a', 'ONLY'],
    ['DELETE FROM t AS x WHERE a', 'alias x'],
    ['DELETE FROM t WHERE id IN (SELECT id FROM t WHERE a LIMIT 10)', 'LIMIT'],
    ['INSERT INTO t SELECT * FROM u', 'not supported in this version'],
    ['ALTER TABLE t ADD a int', 'one UPDATE'],
  ])('refuses %s and says why', (sql, reason) => {
    expect(() => backfill(sql)).toThrow(
      expect.objectContaining({
        code: 'BACKFILL.UNBATCHABLE',
        message: expect.stringContaining(reason),
        where: { file: 'm.sql', line: 3 },
      }),
    )
  })
})

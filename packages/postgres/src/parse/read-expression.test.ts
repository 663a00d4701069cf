import { beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from './parser.js'
import { readExpression } from './read-expression.js'

beforeAll(loadParser)

describe('readExpression', () => {
  it.each([
    ['verified_at IS NOT NULL', ['verified_at'], false, false],
    ['lower("E-Mail") || users.name -- end', ['E-Mail', 'name'], false, false],
    ['now()', [], false, false],
    ['random() * a', ['a'], true, false],
    ["nextval('s')", [], true, false],
    ['public.uuid_generate_v4()', [], true, false],
    ['my_function(a)', ['a'], false, false],
    ['(SELECT count(*) FROM o WHERE o.user_id = users.id)', ['user_id', 'id'], false, true],
    ['EXISTS (SELECT 1)', [], false, true],
    ['users.*', ['*'], false, false],
    ['ROW(a, b)', ['a', 'b'], false, false],
    ["'a; b'", [], false, false],
  ])('%s', (text, columns, volatile, hasSubquery) => {
    expect(readExpression(text, 'm.ts')).toMatchObject({ columns, volatile, hasSubquery })
  })

  it('knows what differs from one transaction to the next', () => {
    const differs = (text: string): boolean => readExpression(text, 'm.ts').perTransaction
    const clock = ['now()', 'CURRENT_DATE', 'localtimestamp', 'coalesce(a, CURRENT_TIMESTAMP(3))', 'txid_current()']
    expect(clock.map(differs)).toEqual(clock.map(() => true))
    expect(['a + 1', 'CURRENT_USER', "date '2026-01-01'"].map(differs)).toEqual([false, false, false])
  })

  it.each(['a, b', '1) FROM t WHERE (true', '1), (2', '1); DROP TABLE t; SELECT (1', 'a ORDER BY b', 'SELECT 1', ''])(
    'refuses %j',
    (text) => {
      expect(() => readExpression(text, 'm.ts')).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^SQL\.(EXPRESSION|SYNTAX)$/) }),
      )
    },
  )
})

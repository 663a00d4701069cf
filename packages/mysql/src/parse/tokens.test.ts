import { PhasegateError } from '@phasegate/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalSql, readTokens } from './tokens.js'

function shown(sql: string): string[] {
  return readTokens(sql, 'm.sql').map(({ what, text }) => `${what}: ${text}`)
}

describe('readTokens', () => {
  it.each<[string, ...string[]]>([
    ['a.b', 'name: a', 'symbol: .', 'name: b'],
    ["'it''s' \"a\\\"b\"", "string: 'it''s'", 'string: "a\\"b"'],
    ["'\\'' 'a\nb;'", "string: '\\''", "string: 'a\nb;'"],
    ['`a``b;`', 'quoted name: `a``b;`'],
    ["x'00' B'1' n'ä' 0x1F 0b01", "number: x'00'", "number: B'1'", "string: n'ä'", 'number: 0x1F', 'number: 0b01'],
    ["_utf8mb4'ä'", 'name: _utf8mb4', "string: 'ä'"],
    [
      '1 1.5 .5 1e5 1.e-3 1E+2',
      'number: 1',
      'number: 1.5',
      'number: .5',
      'number: 1e5',
      'number: 1.e-3',
      'number: 1E+2',
    ],
    ['1a 2e 0xg größe', 'name: 1a', 'name: 2e', 'name: 0xg', 'name: größe'],
    ['t.1a, t.5', 'name: t', 'symbol: .', 'name: 1a', 'symbol: ,', 'name: t', 'symbol: .', 'name: 5'],
    ["@a @@global.x @'a b' @`c`", 'variable: @a', 'variable: @@global.x', "variable: @'a b'", 'variable: @`c`'],
    ["'root'@'%'", "string: 'root'", "variable: @'%'"],
    [
      'a<=>b->>c:=d||e',
      ...[
        'name: a',
        'symbol: <=>',
        'name: b',
        'symbol: ->>',
        'name: c',
        'symbol: :=',
        'name: d',
        'symbol: ||',
        'name: e',
      ],
    ],
    ['a--1', 'name: a', 'symbol: -', 'symbol: -', 'number: 1'],
    ['a-- 1', 'name: a', 'comment: -- 1'],
    ['a--\n1 #x', 'name: a', 'comment: --', 'number: 1', 'comment: #x'],
    ['/* /* */ a /*+ hint */', 'comment: /* /* */', 'name: a', 'comment: /*+ hint */'],
    ['a\u00a0b', 'name: a\u00a0b'],
  ])('%s', (sql, ...expected) => {
    expect(shown(sql)).toEqual(expected)
  })

  it.each([
    ["SELECT 1;\n'abc", 'SQL.SYNTAX', 2],
    ["'abc\\'", 'SQL.SYNTAX', 1],
    ['"abc', 'SQL.SYNTAX', 1],
    ['a\n\n`b', 'SQL.SYNTAX', 3],
    ['/*/', 'SQL.SYNTAX', 1],
    ["x'00", 'SQL.SYNTAX', 1],
    ["@'a", 'SQL.SYNTAX', 1],
    ['SELECT 1\\G', 'SQL.SYNTAX', 1],
    ['SELECT $$a$$', 'SQL.SYNTAX', 1],
    ['a\n/*!50100 b */', 'SQL.VERSION_COMMENT', 2],
    ['/*! b */', 'SQL.VERSION_COMMENT', 1],
    ['/*M! b */', 'SQL.VERSION_COMMENT', 1],
    ['a\n\0', 'SQL.CHARACTER', 2],
    ["'\ud800'", 'SQL.CHARACTER', 1],
  ])('refuses %j', (sql, code, line) => {
    try {
      readTokens(sql, 'm.sql', 11)
    } catch (error) {
      expect(error).toMatchObject({ code, exit: 2, where: { file: 'm.sql', line: line + 10 } })
      expect((error as PhasegateError).next.length).toBeGreaterThan(0)
      return
    }
    throw new Error('was not refused')
  })

  it('loses no character but blanks, and reads its own tokens again', () => {
    const part = fc.constantFrom(
      ...`' " \` -- - /* */ # ; ( ) \\ @ @@ . , 1 1e 0x x' a é 😀 _utf8 := $ \n \r\n \t`.split(' '),
      ' ',
      '\n',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(part, fc.string({ unit: 'binary', maxLength: 2 })), { maxLength: 20 }), (parts) => {
        const text = parts.join('')
        try {
          const tokens = readTokens(text, 'm.sql')
          let at = 0
          for (const { start, end, text: own } of tokens) {
            expect(text.slice(at, start)).toMatch(/^[ \t\n\v\f\r]*$/)
            expect(text.slice(start, end)).toBe(own)
            at = end
          }
          const again = readTokens(tokens.map((token) => token.text).join('\n'), 'm.sql')
          expect(again.map((token) => token.text)).toEqual(tokens.map((token) => token.text))
        } catch (error) {
          if (!(error instanceof PhasegateError)) throw error
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('canonicalSql', () => {
  it('is the same for another layout, other comments, other quotes and other capitals of keywords', () => {
    const one = canonicalSql("alter  table Users add column `a` int default 'X' # why", 'm.sql')
    expect(canonicalSql("ALTER TABLE `Users`\n ADD /* x */ COLUMN a INT DEFAULT 'X'", 'm.sql')).toBe(one)
    expect(canonicalSql("ALTER TABLE users ADD COLUMN a INT DEFAULT 'X'", 'm.sql')).not.toBe(one)
    expect(canonicalSql("ALTER TABLE Users ADD COLUMN a INT DEFAULT 'x'", 'm.sql')).not.toBe(one)
  })

  it('tells a quoted word from the keyword', () => {
    expect(canonicalSql('`order`', 'm.sql')).not.toBe(canonicalSql('order', 'm.sql'))
    expect(canonicalSql('`status`', 'm.sql')).toBe(canonicalSql('STATUS', 'm.sql'))
  })
})

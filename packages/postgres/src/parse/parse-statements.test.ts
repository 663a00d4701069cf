import { PhasegateError } from '@phasegate/core'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseStatements } from './parse-statements.js'
import { loadParser } from './parser.js'
import { canonicalSql } from './tokens.js'
import { walkAst } from './walk-ast.js'

beforeAll(loadParser)

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

describe('parseStatements', () => {
  it('keeps semicolons in strings, dollar quotes, comments, names and function bodies', () => {
    const written = [
      `INSERT INTO "a;b" VALUES (';', E'\\';', $$;$$, $x$ ; $$ ; $x$)`,
      'SELECT 1 /* ; /* ; */ ; */ + 1',
      `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $f$ BEGIN PERFORM 1; RETURN 2; END; $f$`,
      'CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END',
      'CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM a; DELETE FROM b)',
    ]
    expect(texts(`${written.join(';\n')};`)).toEqual(written)
    expect(texts(written.join(';'))).toEqual(written)
  })

  it('leaves out comments around a statement and keeps those inside of it', () => {
    const sql = '-- a\n/* b */ SELECT 1 -- c\n + 2 /* d */ ; -- e\n\n-- f\nSELECT 3 -- g\n-- h\n'
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

  it('makes every location an index into the text of its statement, whatever stands before it', () => {
    const sql = `SELECT 'żółć 😀'; /* ü */ SELECT "größe", 'ä😀', price FROM "Tür"`
    const [, second] = parseStatements(sql, 'm.sql')
    const columns: string[] = []
    walkAst(second!.node, (value, key) => {
      if (key === 'ColumnRef') columns.push(second!.text.slice(value.location as number).split(/[ ,]/)[0]!)
      if (key === 'RangeVar') columns.push(second!.text.slice(value.location as number))
    })
    expect(columns).toEqual(['"größe"', 'price', '"Tür"'])
  })

  it('is empty for nothing but blanks and comments', () => {
    expect(texts('')).toEqual([])
    expect(texts(' \n-- nothing\n/* here */')).toEqual([])
  })

  it.each([
    ['SELECT 1;;SELECT 2', 'SQL.EMPTY', 1],
    [';', 'SQL.EMPTY', 1],
    ['SELECT 1;\n-- x\n;\n', 'SQL.EMPTY', 3],
    ['SELECT 1;\nSELEC 2;', 'SQL.SYNTAX', 2],
    ["SELECT 'ü';\nSELECT 'abc", 'SQL.SYNTAX', 2],
    ['SELECT 1;\nSELECT $a$ x', 'SQL.SYNTAX', 2],
    ['SELECT 1;\n/* open', 'SQL.SYNTAX', 2],
    ["SELECT '😀😀',\n FROM x", 'SQL.SYNTAX', 2],
    ['SELECT 1;\n\\d users', 'SQL.PSQL_COMMAND', 2],
    ['COPY t FROM STDIN;\n1\t2\n\\.\n', 'SQL.COPY_STDIN', 2],
    ['SELECT 1;\nSELECT \0 1', 'SQL.CHARACTER', 2],
    ["SELECT '\ud800'", 'SQL.CHARACTER', 1],
    [`SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`, 'SQL.TOO_COMPLEX', 1],
    [`SELECT ${'1+'.repeat(40_000)}1`, 'SQL.TOO_COMPLEX', 1],
    ['SELECT 1;\n-- verbatim\n', 'SQL.STRAY_DIRECTIVE', 2],
    ['SELECT 1\n-- allow: TABLE.REWRITE because small\n', 'SQL.STRAY_DIRECTIVE', 2],
  ])('refuses %j with a code and the line', (sql, code, line) => {
    const error = refused(sql)
    expect(error).toMatchObject({ code, where: { file: 'm.sql', line }, exit: 2 })
    expect(refused(sql, 41).where?.line).toBe(line + 40)
    expect(texts('SELECT 1')).toEqual(['SELECT 1'])
  })

  it('passes on what the parser said', () => {
    expect(refused('ALTER TABEL t').message).toContain('syntax error at or near "TABEL"')
  })

  it('splits any mixture of strings, dollar quotes, comments and names back into what was put in', {
    timeout: 60_000,
  }, () => {
    const inside = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replace(/\0|\p{Surrogate}/gu, ''))
    const nasty = fc.oneof(
      inside,
      fc.constantFrom(';', "'", '"', '--', '/*', '*/', '$$', '\\', '\n', '\r\n', '\u0001', '😀;'),
    )
    const piece = fc.array(nasty, { maxLength: 4 }).map((parts) => parts.join(''))
    const value = fc.oneof(
      piece.map((text) => `'${text.replaceAll("'", "''")}'`),
      piece.map((text) => `$tag$${text.replaceAll('$', '')}$tag$`),
      piece.map((text) => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`),
      piece.map((text) => `/* ${text.replaceAll(/[/*]/g, '')} /* ; */ */ 1`),
      piece.map((text) => `-- ${text.replaceAll(/[\r\n]/g, '')};\n 2`),
    )
    const name = piece.map((text) => `"x${text.replaceAll('"', '""')}"`)
    const statement = fc.tuple(value, name, value).map(([a, n, b]) => `SELECT ${a} AS ${n}, ${b} FROM t`)
    const separator = fc.constantFrom(';', ' ;\n', '; -- c\n', ';/* ; */', '\n;\r\n-- ö;\r\n')
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
      'SELECT',
      "'",
      '"',
      '$$',
      ';',
      '--',
      '/*',
      '*/',
      '(',
      ')',
      '\\',
      '\n',
      'é',
      '😀',
      '\0',
      ' ',
    )
    fc.assert(
      fc.property(
        fc.array(fc.oneof(words, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 20 }),
        (parts) => {
          try {
            parseStatements(parts.join(''), 'm.sql')
          } catch (error) {
            expect(error).toBeInstanceOf(PhasegateError)
          }
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('canonicalSql', () => {
  it('is the same for another layout, other comments and other capitals of keywords', () => {
    const one = canonicalSql('alter  table Users add column a int; -- why', 'm.sql')
    expect(canonicalSql('ALTER TABLE Users\n  ADD /* x */ COLUMN a INT;', 'm.sql')).toBe(one)
    expect(canonicalSql('ALTER TABLE "Users" ADD COLUMN a INT;', 'm.sql')).not.toBe(one)
  })
})

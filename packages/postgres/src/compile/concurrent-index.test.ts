import { beforeAll, expect, test } from 'vitest'
import { parseStatements } from '../parse/parse-statements.js'
import { loadParser } from '../parse/parser.js'
import { concurrentIndex, dropIndexProbe, indexCleanup, indexProbe, namedConcurrentIndex } from './concurrent-index.js'

beforeAll(loadParser)

const parse = (text: string) => parseStatements(text, 'x.sql')[0]!

test('reads what is built', () => {
  const text =
    'CREATE UNIQUE INDEX CONCURRENTLY "By Mail" ON app.users USING gin (lower(email), "Größe" DESC) INCLUDE (id) WHERE a'
  expect(concurrentIndex(parse(text))).toEqual({
    table: { schema: 'app', name: 'users' },
    name: 'By Mail',
    unique: true,
    partial: true,
    nullsNotDistinct: false,
    method: 'gin',
    keys: [
      { column: undefined, option: 0, opclass: undefined, collation: undefined },
      { column: 'Größe', option: 3, opclass: undefined, collation: undefined },
    ],
    included: ['id'],
    mayExist: false,
  })
})

test.each(['CREATE INDEX a ON b (c)', 'DROP INDEX CONCURRENTLY a', 'SELECT 1'])('finds nothing in %s', (text) => {
  expect(concurrentIndex(parse(text))).toBeUndefined()
  expect(namedConcurrentIndex(parse(text))).toBe(text)
})

test.each([
  ['CREATE INDEX CONCURRENTLY ON users (email)', 'CREATE INDEX CONCURRENTLY users_email_idx ON users (email)'],
  [
    'create unique index /* on */ concurrently\non "Users" ("on", b)',
    'create unique index /* on */ concurrently\n"Users_on_b_idx" on "Users" ("on", b)',
  ],
  ['CREATE INDEX CONCURRENTLY mine ON users (email)', 'CREATE INDEX CONCURRENTLY mine ON users (email)'],
])('names %s', (text, named) => {
  expect(namedConcurrentIndex(parse(text))).toBe(named)
})

test('asks for the very definition', () => {
  const index = concurrentIndex(parse(`CREATE INDEX CONCURRENTLY "it's" ON users (a, (b + 1))`))!
  const probe = indexProbe({ ...index, name: index.name! }, 'CREATE …')
  expect(probe).toContain(`WHERE c.relname = 'it''s'`)
  expect(probe).toContain(`<> ARRAY['a', '(expression)']::text[]`)
  expect(probe).toContain(`s.state = 'started' AND s.statement = 'CREATE …'`)
  expect(indexCleanup({ ...index, name: index.name! })).toBe(`DROP INDEX CONCURRENTLY IF EXISTS "it's"`)
})

test('asks after a dropped index', () => {
  expect(dropIndexProbe(parse('DROP INDEX CONCURRENTLY IF EXISTS app."By Mail"'))).toBe(
    `SELECT CASE WHEN pg_catalog.to_regclass('app."By Mail"') IS NULL THEN 'done' ELSE 'absent' END`,
  )
  expect(dropIndexProbe(parse('DROP INDEX a'))).toBeUndefined()
})

import { createMadeObjects, isSqlFragment, type Lifted, type Operation, renderSql } from '@phasegate/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { postgresQuoting } from '../quoting.js'
import { lift } from './lift.js'
import { parseStatements } from './parse-statements.js'
import { loadParser } from './parser.js'
import { readFacts } from './read-facts.js'

beforeAll(loadParser)

/** What the last statement becomes; those before it are of the same file. */
function lifted(sql: string): readonly (string | Record<string, unknown>)[] | undefined {
  const made = createMadeObjects()
  const statements = parseStatements(sql, 'm.sql')
  for (const statement of statements.slice(0, -1)) made.record(readFacts(statement, made).changes)
  return lift(statements.at(-1)!, made)?.map(shown)
}

function shown(part: Lifted): string | Record<string, unknown> {
  return 'statement' in part ? part.statement : plain(part.operation)
}

/** Fragments as their text. */
function plain(operation: Operation): Record<string, unknown> {
  const render = (value: unknown): unknown =>
    isSqlFragment(value) ? `sql ${renderSql(value, postgresQuoting)}` : Array.isArray(value) ? value.map(render) : value
  return Object.fromEntries(Object.entries(operation).map(([key, value]) => [key, render(value)]))
}

const t = { table: 't' }

const LIFTED: readonly [string, ...(string | Record<string, unknown>)[]][] = [
  ['ALTER TABLE t ALTER COLUMN a SET NOT NULL', { kind: 'setNotNull', ...t, column: 'a' }],
  ['ALTER TABLE "S"."T" ALTER a SET NOT NULL', { kind: 'setNotNull', table: { schema: 'S', table: 'T' }, column: 'a' }],
  ['ALTER TABLE t * ALTER "A" SET NOT NULL', { kind: 'setNotNull', ...t, column: 'A' }],
  ['ALTER TABLE t ALTER a DROP NOT NULL', { kind: 'dropNotNull', ...t, column: 'a' }],
  [
    "ALTER TABLE t ALTER a SET DEFAULT f(1, 'x') -- end",
    { kind: 'setDefault', ...t, column: 'a', default: "sql f(1, 'x')" },
  ],
  ['ALTER TABLE t ALTER a DROP DEFAULT', { kind: 'dropDefault', ...t, column: 'a' }],
  ['ALTER TABLE t DROP a', { kind: 'dropColumn', ...t, column: 'a' }],
  ['ALTER TABLE t DROP CONSTRAINT k', { kind: 'dropConstraint', ...t, name: 'k' }],
  ['ALTER TABLE t ADD COLUMN a numeric(10, 2)', { kind: 'addColumn', ...t, column: 'a', type: 'numeric(10, 2)' }],
  [
    "ALTER TABLE t ADD a timestamp(3) with time zone[] NOT NULL DEFAULT '{}'::timestamptz[]",
    {
      kind: 'addColumn',
      ...t,
      column: 'a',
      type: 'timestamp(3) with time zone[]',
      default: "sql '{}'::timestamptz[]",
      notNull: true,
    },
  ],
  [
    'ALTER TABLE t ADD a int DEFAULT (1 + 2) NULL',
    { kind: 'addColumn', ...t, column: 'a', type: 'int', default: 'sql (1 + 2)' },
  ],
  [
    'ALTER TABLE t ADD a int DEFAULT 1 CHECK (a > 0) REFERENCES r (id)',
    { kind: 'addColumn', ...t, column: 'a', type: 'int', default: 'sql 1' },
    { kind: 'addCheck', ...t, check: 'sql a > 0' },
    { kind: 'addForeignKey', ...t, columns: ['a'], references: { table: 'r', columns: ['id'] } },
  ],
  [
    'ALTER TABLE t ADD a text CONSTRAINT one UNIQUE',
    { kind: 'addColumn', ...t, column: 'a', type: 'text' },
    { kind: 'addUnique', ...t, columns: ['a'], name: 'one' },
  ],
  [
    "ALTER TABLE t ADD COLUMN IF NOT EXISTS a text COLLATE \"C\" CHECK (a > 'b') DEFAULT 'c' REFERENCES r DEFERRABLE INITIALLY DEFERRED",
    'ALTER TABLE t ADD COLUMN IF NOT EXISTS a text COLLATE "C" DEFAULT \'c\'',
    { kind: 'addCheck', ...t, check: "sql a > 'b'" },
    'ALTER TABLE t ADD CONSTRAINT t_a_fkey FOREIGN KEY (a) REFERENCES r DEFERRABLE INITIALLY DEFERRED NOT VALID',
    'ALTER TABLE t VALIDATE CONSTRAINT t_a_fkey',
  ],
  [
    'ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0 AND f(b, c))',
    { kind: 'addCheck', ...t, check: 'sql a > 0 AND f(b, c)', name: 'k' },
  ],
  [
    'ALTER TABLE s.t ADD CHECK (a > 0) NO INHERIT',
    'ALTER TABLE s.t ADD CONSTRAINT t_a_check CHECK (a > 0) NO INHERIT NOT VALID',
    'ALTER TABLE s.t VALIDATE CONSTRAINT t_a_check',
  ],
  [
    'ALTER TABLE t ADD FOREIGN KEY (a, b) REFERENCES s.r (x, y) ON DELETE CASCADE ON UPDATE SET NULL',
    {
      kind: 'addForeignKey',
      ...t,
      columns: ['a', 'b'],
      references: { table: { schema: 's', table: 'r' }, columns: ['x', 'y'] },
      onDelete: 'cascade',
      onUpdate: 'set null',
    },
  ],
  [
    'ALTER TABLE t ADD CONSTRAINT "K" FOREIGN KEY (a) REFERENCES r (id) MATCH FULL ON DELETE SET NULL (a)',
    'ALTER TABLE t ADD CONSTRAINT "K" FOREIGN KEY (a) REFERENCES r (id) MATCH FULL ON DELETE SET NULL (a) NOT VALID',
    'ALTER TABLE t VALIDATE CONSTRAINT "K"',
  ],
  ['ALTER TABLE t ADD CONSTRAINT u UNIQUE (a, "B")', { kind: 'addUnique', ...t, columns: ['a', 'B'], name: 'u' }],
  [
    'ALTER TABLE t ADD UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b) WITH (fillfactor = 70) USING INDEX TABLESPACE x DEFERRABLE',
    'CREATE UNIQUE INDEX CONCURRENTLY t_a_key ON t (a) INCLUDE (b) NULLS NOT DISTINCT WITH (fillfactor = 70) TABLESPACE x',
    'ALTER TABLE t ADD CONSTRAINT t_a_key UNIQUE USING INDEX t_a_key DEFERRABLE',
  ],
  [
    'CREATE INDEX i ON t (a, (b || c), lower(d))',
    { kind: 'createIndex', ...t, name: 'i', columns: ['a', 'sql (b || c)', 'sql lower(d)'] },
  ],
  [
    "CREATE UNIQUE INDEX i ON s.t USING gist (a) INCLUDE (b) WHERE c > 'x, y'",
    {
      kind: 'createIndex',
      table: { schema: 's', table: 't' },
      name: 'i',
      unique: true,
      method: 'gist',
      columns: ['a'],
      include: ['b'],
      where: "sql c > 'x, y'",
    },
  ],
  ['CREATE INDEX ON t (a)', { kind: 'createIndex', ...t, columns: ['a'] }],
  ['CREATE INDEX CONCURRENTLY i ON t (a)', { kind: 'createIndex', ...t, name: 'i', columns: ['a'] }],
  [
    'CREATE INDEX ON t (a text_pattern_ops DESC NULLS LAST, lower(b) COLLATE "C")',
    'CREATE INDEX CONCURRENTLY t_a_expr_idx ON t (a text_pattern_ops DESC NULLS LAST, lower(b) COLLATE "C")',
  ],
  [
    'CREATE UNIQUE INDEX IF NOT EXISTS i ON t (a) NULLS NOT DISTINCT WITH (fillfactor = 70) TABLESPACE x',
    'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a) NULLS NOT DISTINCT WITH (fillfactor = 70) TABLESPACE x',
  ],
  ['DROP INDEX i', { kind: 'dropIndex', name: 'i' }],
  ['DROP INDEX IF EXISTS i, s."J"', 'DROP INDEX CONCURRENTLY IF EXISTS i', 'DROP INDEX CONCURRENTLY IF EXISTS s."J"'],
  ['DROP TABLE s.t', { kind: 'dropTable', table: { schema: 's', table: 't' } }],
  ["ALTER TYPE s.e ADD VALUE 'x' BEFORE 'y'", { kind: 'addEnumValue', type: 's.e', value: 'x', before: 'y' }],
  ["ALTER TYPE e ADD VALUE 'x' AFTER 'y'", { kind: 'addEnumValue', type: 'e', value: 'x', after: 'y' }],
]

describe('lift', () => {
  it.each(LIFTED)('%s', (sql, ...expected) => {
    expect(lifted(sql)).toEqual(expected)
  })

  it.each([
    'ALTER TABLE IF EXISTS t ALTER a SET NOT NULL',
    'ALTER TABLE ONLY t ALTER a SET NOT NULL',
    'ALTER TABLE "a.b" ALTER a SET NOT NULL',
    'ALTER TABLE t DROP COLUMN IF EXISTS a',
    'ALTER TABLE t DROP COLUMN a CASCADE',
    'ALTER TABLE t ALTER a TYPE bigint',
    'ALTER TABLE t ADD COLUMN a int DEFAULT random()',
    'ALTER TABLE t ADD COLUMN a bigserial',
    'ALTER TABLE t ADD COLUMN a int NOT NULL',
    'ALTER TABLE t ADD COLUMN a int PRIMARY KEY',
    'ALTER TABLE t ADD COLUMN a int REFERENCES r (id)',
    'ALTER TABLE t ADD COLUMN a text COLLATE "C"',
    'ALTER TABLE t ADD COLUMN a int CHECK (a > 0) NOT ENFORCED',
    'ALTER TABLE t ADD CHECK (a > 0) NOT VALID',
    'ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r (id) NOT VALID',
    'ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX i',
    'ALTER TABLE t ADD PRIMARY KEY (a)',
    'ALTER TABLE t VALIDATE CONSTRAINT k',
    'ALTER TABLE t ALTER a DROP DEFAULT, ALTER a TYPE int USING a::int, ALTER a SET DEFAULT 1',
    'ALTER TABLE t DROP CONSTRAINT k, ADD CONSTRAINT k CHECK (a > 0) NOT VALID',
    'ALTER INDEX i RENAME TO j',
    'CREATE INDEX ON ONLY t (a)',
    'CREATE INDEX CONCURRENTLY i ON t (a DESC)',
    'DROP INDEX CONCURRENTLY IF EXISTS i',
    'DROP INDEX i CASCADE',
    'DROP TABLE a, b',
    'DROP TABLE IF EXISTS a',
    "ALTER TYPE e ADD VALUE IF NOT EXISTS 'x'",
    'CREATE TABLE n (a int)',
    'UPDATE t SET a = 1',
  ])('leaves %s as it is', (sql) => {
    expect(lifted(sql)).toBeUndefined()
  })

  it('takes an ALTER TABLE apart when a clause would block, in the order in which PostgreSQL does them', () => {
    const sql = `ALTER TABLE s.t
      ALTER a SET NOT NULL, -- one
      ADD COLUMN b int CHECK (b > 0), /* two, three */
      ALTER c TYPE numeric(10, 2) USING round(c, 2),
      DROP COLUMN d`
    const table = { schema: 's', table: 't' }
    expect(lifted(sql)).toEqual([
      { kind: 'dropColumn', table, column: 'd' },
      'ALTER TABLE s.t ALTER c TYPE numeric(10, 2) USING round(c, 2)',
      { kind: 'addColumn', table, column: 'b', type: 'int' },
      { kind: 'addCheck', table, check: 'sql b > 0' },
      { kind: 'setNotNull', table, column: 'a' },
    ])
  })

  it('takes one apart whose every clause has an operation, since those know how to undo', () => {
    expect(lifted('ALTER TABLE t ADD a int, ADD b text')).toEqual([
      { kind: 'addColumn', table: 't', column: 'a', type: 'int' },
      { kind: 'addColumn', table: 't', column: 'b', type: 'text' },
    ])
  })

  it('leaves statements on tables of the same file alone', () => {
    const table = 'CREATE TABLE n (a int, b int);'
    expect(lifted(`${table} CREATE INDEX ON n (a)`)).toBeUndefined()
    expect(lifted(`${table} ALTER TABLE n ALTER a SET NOT NULL`)).toBeUndefined()
    expect(lifted(`${table} CREATE INDEX i ON n (a); DROP INDEX i`)).toBeUndefined()
    expect(lifted(`${table} DROP TABLE n`)).toBeUndefined()
    expect(lifted("CREATE TYPE e AS ENUM ('a'); ALTER TYPE e ADD VALUE 'b'")).toBeUndefined()
  })

  it('makes only statements that parse', () => {
    for (const [sql] of LIFTED) {
      for (const part of lift(parseStatements(sql, 'm.sql')[0]!, createMadeObjects()) ?? []) {
        if ('statement' in part) expect(parseStatements(part.statement, 'm.sql')).toHaveLength(1)
      }
    }
  })
})

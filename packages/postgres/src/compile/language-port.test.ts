import { defineMigration, type MigrationDefinition, ops, type SqlLanguage, sql, unitsOf } from '@phasegate/core'
import { compileMigration } from '@phasegate/core/compile'
import { expect, test } from 'vitest'
import type { ParsedStatement } from '../parse/parse-statements.js'
import { postgresLanguage } from '../postgres-language.js'

/** What the compiler in core asks of a language, seen through PostgreSQL's with one answer changed. */
function compileWith(changed: Partial<SqlLanguage<ParsedStatement>>, definition: MigrationDefinition) {
  const migration = {
    format: 'typescript',
    name: '20261122093000_test',
    file: 'test.ts',
    definition: defineMigration(definition),
  } as const
  return compileMigration(migration, { batchSize: 1000, batchTime: 250 }, { ...postgresLanguage, ...changed })
}

const ALL: MigrationDefinition = {
  appUses: 'both',
  expand: () => [
    ops.addColumn('users', 'plan', 'text'),
    sql`CREATE INDEX ON users (a)`,
    sql`ALTER TABLE users ADD b int, ADD CONSTRAINT c CHECK (a > 0)`,
    sql.verbatim`CREATE VIEW v AS SELECT 1`,
  ],
  sync: { table: 'users', forward: { plan: sql`upper(old_plan)` } },
  contract: () => [ops.setNotNull('users', 'plan'), ops.alterTable('users', 'DROP COLUMN old_plan')],
}

test('every statement goes through asItRuns once: of operations, raw SQL, lifted parts, syncs and derived reverts', async () => {
  const seen: string[] = []
  const compiled = await compileWith(
    {
      asItRuns: (statement, made, verbatim) => {
        const running = postgresLanguage.asItRuns(statement, made, verbatim)
        seen.push(running.text)
        return running
      },
    },
    ALL,
  )
  const steps = unitsOf(compiled).flatMap((unit) => unit.steps)
  const all = [...steps, ...(compiled.revert.possible ? compiled.revert.steps : [])].map(({ statement }) => statement)
  expect(all.length).toBeGreaterThan(15)
  expect(seen.toSorted()).toEqual(all.toSorted())
})

test('a step runs as asItRuns says, and is written as its author wrote it', async () => {
  const { units } = await compileWith(
    { asItRuns: (statement) => ({ ...statement, text: `${statement.text} /* completed */` }) },
    { expand: () => [sql`CREATE TABLE a (b int)`] },
  )
  expect(units.expand?.steps[0]).toMatchObject({
    statement: 'CREATE TABLE a (b int) /* completed */',
    written: 'CREATE TABLE a (b int)',
  })
})

test('asItRuns is told what its author wants to stay as it stands', async () => {
  const asked: [string, boolean][] = []
  await compileWith(
    {
      asItRuns: (statement, _, verbatim) => {
        asked.push([statement.text, verbatim])
        return statement
      },
    },
    {
      expand: () => [
        sql`ALTER TABLE a ADD b int`,
        sql.verbatim`ALTER TABLE a ADD c int`,
        ops.alterTable('a', 'ADD d int'),
        ops.alterTable('a', 'ADD e int', { engine: 'native' }),
      ],
      revert: () => [],
    },
  )
  expect(asked).toEqual([
    ['ALTER TABLE a ADD b int', false],
    ['ALTER TABLE a ADD c int', true],
    ['ALTER TABLE a ADD d int', false],
    ['ALTER TABLE a ADD e int', true],
  ])
})

test('a function of the author runs as the language says', async () => {
  const functionExecution = { mode: 'alone', timeouts: 'online' } as const
  const { units } = await compileWith({ functionExecution }, { expand: () => [ops.run('1', async () => {})] })
  expect(units.expand?.steps[0]).toMatchObject({ execution: functionExecution, facts: { transactional: false } })
})

test('a sync may say itself what a statement of it does and how that runs', async () => {
  const facts = {
    changes: [],
    lock: { mode: 'of the sync', tables: ['users'], blocks: 'writes', duration: 'instant' },
    transactional: false,
  } as const
  const execution = { mode: 'alone', timeouts: 'short', probe: 'SELECT 1' } as const
  const compile = () => ({ create: [{ text: 'SELECT 1', facts, execution }], drop: [{ text: 'SELECT 2' }] })
  const { units, revert } = await compileWith(
    { sync: { systemColumns: new Set(), compile } },
    { appUses: 'both', sync: { table: 'users', forward: { a: sql`b` } } },
  )
  expect(units.expand?.steps).toMatchObject([{ statement: 'SELECT 1', facts, execution, origin: 'sync' }])
  expect(revert).toMatchObject({
    possible: true,
    steps: [{ statement: 'SELECT 2', execution: { mode: 'transaction' }, undoes: [0] }],
  })
})

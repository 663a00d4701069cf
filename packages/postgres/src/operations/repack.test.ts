import { beforeAll, expect, test } from 'vitest'
import { compileDefinition, compileText, revertSteps } from '../compile/compile-fixtures.test.support.js'
import { loadParser } from '../parse/parser.js'

beforeAll(loadParser)

const ENGINE = { alter: '', traits: [], wanted: 'pg_repack', native: 'never' }

test('a table is written anew by pg_repack and by nothing else, after what went before it', async () => {
  const { units } = await compileDefinition({
    appUses: 'new',
    contract: ({ ops }) => [ops.dropColumn('users', 'old'), ops.repack('users')],
  })
  const [drop, repack, ...others] = units.contract!.steps
  expect(drop!.statement).toBe('ALTER TABLE users DROP COLUMN old')
  expect(repack).toMatchObject({
    statement: '-- ops.repack(users)',
    written: 'ops.repack(users)',
    destroys: [],
    execution: { mode: 'alone', engine: { ...ENGINE, table: { name: 'users' } } },
    // Nobody waits but for a moment at its beginning and its end.
    facts: { lock: { tables: ['users'], blocks: 'nothing', atEnds: 'reads and writes' }, transactional: false },
  })
  expect(others).toEqual([])
})

test('in SQL it is a line for each table, whose steps come last', async () => {
  const { units } = await compileText(`-- app-uses: new
-- phase: contract
-- repack: users
ALTER TABLE users DROP COLUMN old;
-- repack: billing."Invoice"
`)
  expect(units.contract!.steps.map(({ written }) => written)).toEqual([
    'ALTER TABLE users DROP COLUMN old',
    'ops.repack(users)',
    'ops.repack(billing.Invoice)',
  ])
  expect(units.contract!.steps[2]!.execution.engine!.table).toEqual({ schema: 'billing', name: 'Invoice' })
  expect(units.contract!.steps[2]!.where).toEqual({ file: 'test.sql', line: 5 })
})

test('both forms are the same unit', async () => {
  const sql = await compileText('-- app-uses: new\n-- phase: contract\n-- repack: users\n')
  const ts = await compileDefinition({ appUses: 'new', contract: ({ ops }) => [ops.repack('users')] })
  expect(sql.units.contract!.fingerprint).toBe(ts.units.contract!.fingerprint)
})

test.each([
  ['-- phase: expand\n-- repack: users\nALTER TABLE users ADD note text;', 2],
  ['-- phase: contract\n-- repack: users and orders\nALTER TABLE users DROP COLUMN note;', 2],
  ['-- phase: contract\n-- repack:\nALTER TABLE users DROP COLUMN note;', 2],
])('%j is refused with its line', async (text, line) => {
  await expect(compileText(text)).rejects.toMatchObject({
    code: expect.stringMatching(/^(MIGRATION\.BAD_SETTING|SQL\.SYNTAX)$/),
    where: { file: 'test.sql', line },
  })
})

test('a revert has nothing to undo', async () => {
  const migration = await compileDefinition({
    appUses: 'both',
    expand: ({ ops }) => [ops.addColumn('users', 'note', 'text'), ops.repack('users')],
  })
  expect(revertSteps(migration).map(({ statement }) => statement)).toEqual([
    'ALTER TABLE users DROP COLUMN IF EXISTS note',
  ])
})

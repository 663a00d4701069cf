import { allow, type CompiledStep, defineMigration, type MigrationDefinition, ops, sql } from '@phasegate/core'
import { compileMigration } from '@phasegate/core/compile'
import { describe, expect, test } from 'vitest'
import { mysqlLanguage } from './mysql-language.js'
import { type Flavour, mysqlServer } from './server/mysql-server.js'

function compile(flavour: Flavour, version: string, definition: MigrationDefinition) {
  const migration = {
    format: 'typescript',
    name: '20261122093000_test',
    file: 'test.ts',
    definition: defineMigration({ appUses: 'both', ...definition }),
  } as const
  return compileMigration(migration, { batchSize: 1000, batchTime: 250 }, mysqlLanguage(mysqlServer(flavour, version)))
}

const statements = (steps: readonly CompiledStep[] | undefined): readonly string[] =>
  (steps ?? []).map(({ statement }) => statement)

const EXPAND: NonNullable<MigrationDefinition['expand']> = ({ schema }) => [
  ops.addColumn('users', 'plan', 'varchar(9)', { default: 'free' }),
  ops.createIndex('users', ['plan']),
  ops.addForeignKey('users', ['team'], { table: 'teams', columns: ['id'] }),
  ops.setNotNull('users', 'email'),
  schema.alterTable('users', (t) => void t.dropIndex('old', 'by_old')),
]

test('asks MySQL for what does not block, and undoes it without IF EXISTS, which it has not', async () => {
  const { units, revert } = await compile('mysql', '9.7.4', { expand: (tools) => EXPAND(tools).slice(0, 4) })
  expect(statements(units.expand?.steps)).toEqual([
    "ALTER TABLE users ADD COLUMN plan varchar(9) DEFAULT 'free', ALGORITHM=INSTANT",
    'CREATE INDEX users_plan_idx ON users (plan) ALGORITHM=INPLACE LOCK=NONE',
    'ALTER TABLE users ADD /* rows are checked by the next step */ CONSTRAINT users_team_fkey FOREIGN KEY (team) ' +
      'REFERENCES teams (id), ALGORITHM=INPLACE, LOCK=NONE',
    'SELECT /* must find nothing */ c.team FROM users AS c WHERE c.team IS NOT NULL ' +
      'AND NOT EXISTS (SELECT 1 FROM teams AS p WHERE p.id = c.team) LIMIT 10',
    'ALTER TABLE users MODIFY COLUMN email <definition> NOT NULL, ALGORITHM=INPLACE, LOCK=NONE',
  ])
  expect(revert.possible && statements(revert.steps)).toEqual([
    'ALTER TABLE users MODIFY COLUMN email <definition> NULL, ALGORITHM=INPLACE, LOCK=NONE',
    'ALTER TABLE users DROP FOREIGN KEY users_team_fkey, ALGORITHM=INPLACE, LOCK=NONE',
    'ALTER TABLE users DROP INDEX users_team_fkey, ALGORITHM=INPLACE, LOCK=NONE',
    'ALTER TABLE users DROP INDEX users_plan_idx, ALGORITHM=INPLACE, LOCK=NONE',
    'ALTER TABLE users DROP COLUMN plan, ALGORITHM=INSTANT',
  ])
  const drops = revert.possible ? revert.steps.slice(1) : []
  expect(drops.map(({ execution }) => execution.adopts)).toEqual([true, true, true, true])
})

test('asks MariaDB in its own words', async () => {
  const { units, revert } = await compile('mariadb', '10.11.19', { expand: EXPAND })
  expect(statements(units.expand?.steps)).toEqual([
    "ALTER TABLE users ADD COLUMN plan varchar(9) DEFAULT 'free', ALGORITHM=INSTANT",
    'CREATE INDEX users_plan_idx ON users (plan) ALGORITHM=NOCOPY LOCK=NONE',
    expect.stringMatching(/, ALGORITHM=NOCOPY, LOCK=NONE$/),
    expect.stringContaining('must find nothing'),
    'ALTER TABLE users MODIFY COLUMN email <definition> NOT NULL, ALGORITHM=INPLACE, LOCK=NONE',
    expect.stringMatching(/^alter table `users` drop index `by_old`, ALGORITHM=NOCOPY, LOCK=NONE$/i),
  ])
  expect(revert).toMatchObject({ possible: false })
})

describe('a DROP of the author', () => {
  const dropped = async (clause: string): Promise<CompiledStep> => {
    const text = sql.raw(`ALTER TABLE users DROP COLUMN ${clause}`)
    const { units } = await compile('mysql', '9.7.4', {
      expand: () => [allow('PHASE.DESTROYS', 'nobody reads it', text)],
    })
    return units.expand!.steps[0]!
  }

  test('is for the server to refuse where the column is not there', async () => {
    expect((await dropped('plan')).execution).not.toHaveProperty('adopts')
  })

  test('with IF EXISTS is taken as done where the column is not there', async () => {
    const { statement, execution } = await dropped('IF EXISTS plan')
    expect(statement).toBe('ALTER TABLE users DROP COLUMN plan, ALGORITHM=INSTANT')
    expect(execution.adopts).toBe(true)
  })
})

test('a function runs alone, since DDL in it would commit', async () => {
  const { units } = await compile('mysql', '8.4', { expand: () => [ops.run('1', async () => {})] })
  expect(units.expand?.steps[0]?.execution).toEqual({ mode: 'alone', timeouts: 'online' })
})

describe('what the server would have to copy', () => {
  const convert = 'CONVERT TO CHARACTER SET utf8mb4'
  const stepOf = async (definition: MigrationDefinition): Promise<CompiledStep> => {
    const { units } = await compile('mysql', '9.7.4', definition)
    return units.expand!.steps[0]!
  }

  test('is for an engine, so that nobody waits for it', async () => {
    const { execution, facts } = await stepOf({ expand: () => [ops.alterTable('users', convert)] })
    expect(execution.engine).toMatchObject({ alter: convert, native: 'copy', wanted: 'auto', table: { name: 'users' } })
    expect(facts.lock).toMatchObject({ blocks: 'nothing', atEnds: 'reads and writes', duration: 'rewrite' })
  })

  test('is for the one that is asked for, beside the statement or for the file', async () => {
    const asked = await stepOf({ expand: () => [ops.alterTable('users', convert, { engine: 'pt-osc' })] })
    expect(asked.execution.engine?.wanted).toBe('pt-osc')
    const added = await stepOf({ engine: 'gh-ost', expand: () => [ops.addColumn('users', 'phone', 'varchar(20)')] })
    expect(added.execution.engine).toMatchObject({ wanted: 'gh-ost', native: 'instant' })
  })

  test('stays with the server where its author says so', async () => {
    const { execution, facts } = await stepOf({
      expand: () => [ops.alterTable('users', convert, { engine: 'native' })],
    })
    expect(execution.engine).toBeUndefined()
    expect(facts.lock.blocks).toBe('writes')
    const file = { engine: 'native', expand: () => [ops.alterTable('users', convert)] } as const
    await expect(compile('mysql', '9.7.4', file)).rejects.toMatchObject({ code: 'OPERATION.UNSUPPORTED' })
  })

  test('is refused where no engine could take it', async () => {
    const sorted = () => [ops.alterTable('users', 'REORGANIZE PARTITION p0 INTO (PARTITION p1 VALUES LESS THAN (9))')]
    await expect(compile('mysql', '9.7.4', { expand: sorted })).rejects.toMatchObject({ code: 'OPERATION.UNSUPPORTED' })
  })

  test('an engine of another database is refused', async () => {
    const file = { engine: 'pg_repack', expand: () => [ops.alterTable('users', convert)] } as const
    await expect(compile('mysql', '9.7.4', file)).rejects.toMatchObject({ code: 'SQL.ENGINE' })
  })
})

test('an unknown version is taken for the oldest one that is supported', async () => {
  const { units } = await compile('mysql', '', { expand: () => [ops.dropColumn('users', 'a')] })
  expect(statements(units.expand?.steps)).toEqual(['ALTER TABLE users DROP COLUMN a, ALGORITHM=INSTANT'])
})

test('takes a column for the same in any case', async () => {
  const users = { table: 'users' }
  const backfill = (set: string, where: string): MigrationDefinition => ({
    backfill: { ...users, set: { balance: sql.raw(set) }, where: sql.raw(where) },
  })
  await expect(compile('mysql', '9.7.4', backfill('Balance * 100', 'id > 0'))).rejects.toMatchObject({
    code: 'BACKFILL.NOT_IDEMPOTENT',
  })
  const once = await compile('mysql', '9.7.4', backfill('BALANCE * 100', 'Balance < 100'))
  expect(once.units.backfill?.backfill?.mustEnd).toBe(true)

  const sync = { ...users, forward: { verified: sql`verified_at IS NOT NULL` } }
  const withDefault = () => [ops.addColumn('users', 'Verified', 'boolean', { default: false })]
  await expect(compile('mysql', '9.7.4', { sync, expand: withDefault })).rejects.toMatchObject({ code: 'SYNC.DEFAULT' })
  const circular = { ...users, forward: { verified: sql`VERIFIED OR verified_at IS NOT NULL` } }
  await expect(compile('mysql', '9.7.4', { sync: circular })).rejects.toMatchObject({ code: 'SYNC.EXPRESSION' })
  const twice = [sync, { ...users, forward: { VERIFIED: sql`verified_at IS NOT NULL` } }]
  await expect(compile('mysql', '9.7.4', { sync: twice })).rejects.toMatchObject({ code: 'SYNC.SHAPE' })
  const backward = { ...sync, backward: { Verified: sql`verified` } }
  await expect(compile('mysql', '9.7.4', { sync: backward })).rejects.toMatchObject({ code: 'SYNC.SHAPE' })
  const filled = await compile('mysql', '9.7.4', {
    sync,
    backfill: { ...users, set: { VERIFIED: sql`verified_at IS NOT NULL` }, where: sql`verified IS NULL` },
  })
  expect(filled.hasSync).toBe(true)
})

test('looks into the schema of the child for a table that a foreign key references', async () => {
  const { units } = await compile('mysql', '9.7.4', {
    expand: () => [ops.addForeignKey({ schema: 'app', table: 'users' }, ['team'], { table: 'teams', columns: ['id'] })],
  })
  const [add, check] = units.expand?.steps ?? []
  expect(add?.execution.precondition).toContain("TABLE_SCHEMA = 'app' AND TABLE_NAME = 'teams'")
  expect(check?.statement).toContain('FROM app.teams AS p')
})

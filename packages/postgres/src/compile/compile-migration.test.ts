import { sql } from '@phasegate/core'
import { describe, expect, test } from 'vitest'
import { compileDefinition, compileText, statements } from './compile-fixtures.test.support.js'

const ARTICLE = `
-- Phase 1: EXPAND (deploy-safe)
-- Add new column, nullable
ALTER TABLE users ADD COLUMN email_verified BOOLEAN;

-- Phase 2: MIGRATE (background job)
-- Backfill data
UPDATE users SET email_verified = (verified_at IS NOT NULL)
WHERE email_verified IS NULL;

-- Phase 3: CONTRACT (after all code uses new column)
-- Add constraint
ALTER TABLE users ALTER COLUMN email_verified SET DEFAULT FALSE;
ALTER TABLE users ALTER COLUMN email_verified SET NOT NULL;

-- Drop old column (if applicable)
ALTER TABLE users DROP COLUMN verified_at;
`

describe('the reference article, word for word', () => {
  test('runs as written, but for SET NOT NULL, which never scans under an exclusive lock', async () => {
    const { units } = await compileText(ARTICLE)
    expect(statements(units.expand?.steps)).toEqual(['ALTER TABLE users ADD COLUMN email_verified BOOLEAN'])
    expect(units.backfill?.backfill).toMatchObject({
      table: { name: 'users' },
      set: [{ column: 'email_verified', expression: '(verified_at IS NOT NULL)' }],
      where: 'email_verified IS NULL',
      batchSize: 1000,
      batchTime: 250,
      once: false,
      comparable: true,
      reads: ['verified_at', 'email_verified'],
      location: { file: 'test.sql', line: 8 },
    })
    expect(statements(units.contract?.steps)).toEqual([
      'ALTER TABLE users ALTER COLUMN email_verified SET DEFAULT FALSE',
      'ALTER TABLE users ADD CONSTRAINT users_email_verified_not_null_proof CHECK (email_verified IS NOT NULL) NOT VALID',
      'ALTER TABLE users VALIDATE CONSTRAINT users_email_verified_not_null_proof',
      'ALTER TABLE users ALTER COLUMN email_verified SET NOT NULL',
      'ALTER TABLE users DROP CONSTRAINT users_email_verified_not_null_proof',
      'ALTER TABLE users DROP COLUMN verified_at',
    ])
  })

  test('says of each step where it comes from, how long it may take and what it takes away', async () => {
    const steps = (await compileText(ARTICLE)).units.contract!.steps
    expect(steps.map(({ origin }) => origin)).toEqual(['written', 'lifted', 'lifted', 'lifted', 'lifted', 'written'])
    expect(steps.map(({ execution }) => execution.timeouts)).toEqual([
      'short',
      'short',
      'online',
      'short',
      'short',
      'short',
    ])
    expect(steps.map(({ destroys }) => destroys)).toEqual([[], [], [], [], [], ['users.verified_at']])
    expect(steps[3]).toMatchObject({
      written: 'ALTER TABLE users ALTER COLUMN email_verified SET NOT NULL',
      where: { file: 'test.sql', line: 14 },
      facts: { lock: { mode: 'ACCESS EXCLUSIVE', duration: 'instant' } },
    })
  })
})

describe('a TypeScript migration', () => {
  test('compiles operations, builders and raw SQL, in the order of the list', async () => {
    const { units } = await compileDefinition({
      expand: ({ schema, ops, sql }) => [
        schema.alterTable('users', (t) => {
          t.boolean('email_verified')
          t.index(['name'])
        }),
        ops.addColumn('users', 'plan', 'text'),
        sql`COMMENT ON COLUMN users.plan IS ${"what's paid"}`,
      ],
    })
    expect(statements(units.expand?.steps)).toEqual([
      'alter table "users" add column "email_verified" boolean',
      'CREATE INDEX CONCURRENTLY users_name_index ON users (name)',
      'ALTER TABLE users ADD COLUMN plan text',
      "COMMENT ON COLUMN users.plan IS 'what''s paid'",
    ])
    expect(units.expand?.steps.map(({ origin }) => origin)).toEqual(['schema', 'lifted', 'operation', 'written'])
    expect(units.expand?.steps[1]?.written).toBe('create index "users_name_index" on "users" ("name")')
  })

  test('makes index, unique and foreign key of a builder safe on a table in use, and leaves them on a new one', async () => {
    const { units } = await compileDefinition({
      expand: ({ schema }) => [
        schema.alterTable('posts', (t) => {
          t.unique(['slug'])
          t.foreign('author').references('id').inTable('users')
        }),
        schema.createTable('tags', (t) => {
          t.increments('id')
          t.text('name').unique()
        }),
      ],
    })
    expect(statements(units.expand?.steps)).toEqual([
      'CREATE UNIQUE INDEX CONCURRENTLY posts_slug_unique ON posts (slug)',
      'ALTER TABLE posts ADD CONSTRAINT posts_slug_unique UNIQUE USING INDEX posts_slug_unique',
      'ALTER TABLE posts ADD CONSTRAINT posts_author_foreign FOREIGN KEY (author) REFERENCES users (id) NOT VALID',
      'ALTER TABLE posts VALIDATE CONSTRAINT posts_author_foreign',
      'create table "tags" ("id" serial primary key, "name" text)',
      'alter table "tags" add constraint "tags_name_unique" unique ("name")',
    ])
  })

  test('carries allows, and a verbatim statement as it stands', async () => {
    const { units } = await compileDefinition({
      expand: ({ sql }) => [
        {
          kind: 'allow',
          rule: 'INDEX.NOT_CONCURRENT',
          reason: '40 rows',
          statement: sql.verbatim`CREATE INDEX plans_name ON plans (name)`,
        },
      ],
    })
    expect(units.expand?.steps[0]).toMatchObject({
      statement: 'CREATE INDEX plans_name ON plans (name)',
      origin: 'written',
      allows: [{ rule: 'INDEX.NOT_CONCURRENT', reason: '40 rows' }],
      execution: { mode: 'transaction', timeouts: 'online' },
    })
  })

  test('keeps a function as an opaque step that names its version', async () => {
    const run = async (): Promise<void> => {}
    const { units, revert } = await compileDefinition({ expand: ({ ops }) => [ops.run('3', run)] })
    expect(units.expand?.steps[0]).toMatchObject({ statement: '-- ops.run(3)', origin: 'function', run, destroys: [] })
    expect(revert).toMatchObject({ possible: false })
  })

  test('passes on appUses, applications and gates', async () => {
    const gate = { name: 'mine', cost: 0, check: () => Promise.reject(new Error('not asked')) } as const
    const compiled = await compileDefinition({
      appUses: { api: 'new', worker: 'both' },
      applications: ['api', 'worker'],
      contract: ({ ops }) => [ops.dropColumn('users', 'verified_at')],
      gates: { contract: [gate] },
    })
    expect(compiled).toMatchObject({
      appUses: { api: 'new', worker: 'both' },
      applications: ['api', 'worker'],
      gates: { contract: [gate] },
      hasSync: false,
    })
  })
})

describe('transactions', () => {
  test('are shared by neighbours that touch only what the unit created, and by nothing else', async () => {
    const { units } = await compileDefinition({
      expand: ({ schema, ops }) => [
        schema.createTable('posts', (t) => t.integer('author')),
        ops.addColumn('posts', 'title', 'text'),
        ops.addForeignKey('posts', ['author'], { table: 'users', columns: ['id'] }),
        ops.createIndex('posts', ['author']),
        ops.addCheck('posts', sql`author > 0`),
        ops.addColumn('users', 'posts', 'int'),
      ],
    })
    const executions = units.expand!.steps.map(({ execution: { mode, group } }) => ({ mode, group }))
    const [table, column, foreignKey, index, check, other] = executions
    expect(executions.every(({ mode }) => mode === 'transaction')).toBe(true)
    expect(table?.group).toBeDefined()
    expect(column?.group).toBe(table?.group)
    expect(foreignKey?.group).toBeUndefined()
    expect(index?.group).toBeDefined()
    expect(index?.group).not.toBe(table?.group)
    expect(check?.group).toBe(index?.group)
    expect(other?.group).toBeUndefined()
  })

  test('of a foreign key on a new table stay short, because it locks the table that it references', async () => {
    const { units } = await compileDefinition({
      expand: ({ schema, ops }) => [
        schema.createTable('posts', (t) => t.integer('author')),
        ops.addForeignKey('posts', ['author'], { table: 'users', columns: ['id'] }),
      ],
    })
    expect(units.expand?.steps[1]?.execution).toEqual({ mode: 'transaction', timeouts: 'short' })
  })

  test('are not shared by a new enum value and what uses it', async () => {
    const { units } = await compileText(`-- phase: expand
      CREATE TYPE mood AS ENUM ('ok');
      ALTER TYPE mood ADD VALUE 'sad';
      CREATE TABLE days (mood mood DEFAULT 'sad');`)
    expect(units.expand?.steps.map(({ execution }) => execution.group)).toEqual([undefined, undefined, undefined])
  })

  test('are not possible for what PostgreSQL runs outside of them', async () => {
    const { units } = await compileText(`-- phase: expand
      CREATE INDEX CONCURRENTLY ON users (lower(email) DESC);
      VACUUM users;`)
    const [index, vacuum] = units.expand!.steps
    expect(index?.statement).toMatch(
      /^CREATE INDEX CONCURRENTLY users_expr_[0-9a-f]{8}_idx ON users \(lower\(email\) DESC\)$/,
    )
    expect(index?.execution).toMatchObject({
      mode: 'alone',
      timeouts: 'watched',
      cleanup: expect.stringMatching(/^DROP INDEX CONCURRENTLY IF EXISTS users_expr_[0-9a-f]{8}_idx$/),
    })
    expect(vacuum?.execution).toEqual({ mode: 'alone', timeouts: 'watched' })
  })
})

test('what expand created is in use by the time of contract, and is treated so', async () => {
  const { units } = await compileText(`-- phase: expand
    CREATE TABLE posts (id int, slug text);
    CREATE INDEX posts_id ON posts (id);
    -- app-uses: new
    -- phase: contract
    CREATE INDEX posts_slug ON posts (slug);
    ALTER TABLE posts ALTER slug SET NOT NULL;`)
  expect(statements(units.expand?.steps)[1]).toBe('CREATE INDEX posts_id ON posts (id)')
  expect(statements(units.contract?.steps)[0]).toBe('CREATE INDEX CONCURRENTLY posts_slug ON posts (slug)')
  expect(units.contract?.steps).toHaveLength(5)
})

test('a check that was validated in expand spares the scan of SET NOT NULL in contract', async () => {
  const { units } = await compileText(`-- phase: expand
    ALTER TABLE users ADD CONSTRAINT has_plan CHECK (plan IS NOT NULL) NOT VALID;
    ALTER TABLE users VALIDATE CONSTRAINT has_plan;
    -- phase: contract
    -- verbatim
    ALTER TABLE users ALTER plan SET NOT NULL;
    -- verbatim
    ALTER TABLE users ALTER name SET NOT NULL;`)
  const [proven, unproven] = units.contract!.steps
  expect(proven?.facts.lock.duration).toBe('instant')
  expect(proven?.execution.timeouts).toBe('short')
  expect(unproven?.facts.lock.duration).toBe('scan')
})

test('alterTable is lifted, kept as it stands for native, and refused where it would rewrite', async () => {
  const compile = async (clause: string, engine: 'auto' | 'native'): Promise<readonly string[]> => {
    const { units } = await compileDefinition({
      expand: ({ ops }) => [ops.alterTable('users', clause, { engine })],
    })
    return statements(units.expand?.steps)
  }
  expect(await compile('ALTER plan SET NOT NULL', 'auto')).toHaveLength(4)
  expect(await compile('ALTER plan SET NOT NULL', 'native')).toEqual(['ALTER TABLE users ALTER plan SET NOT NULL'])
  await expect(compile('ALTER id TYPE bigint', 'auto')).rejects.toMatchObject({
    code: 'OPERATION.UNSUPPORTED',
    where: { file: 'test.ts' },
  })
  expect(await compile('ALTER id TYPE bigint', 'native')).toEqual(['ALTER TABLE users ALTER id TYPE bigint'])
})

import { type CompiledStep, defineMigration, type MigrationDefinition, ops, sql } from '@phasegate/core'
import { connectPostgres, postgresDialect } from '@phasegate/postgres'
import { describe, expect, test } from 'vitest'
import { createDatabase, describeOnEveryPostgres, type SharedServer, type TestDatabase } from '../support/servers.js'

type List = MigrationDefinition['expand']

const TABLES = `
  CREATE TABLE teams (id int PRIMARY KEY);
  CREATE TABLE users (id int PRIMARY KEY, email text, team int, old text, plan text DEFAULT 'free');
  CREATE INDEX users_old_idx ON users (old);
  CREATE TYPE mood AS ENUM ('ok');
  INSERT INTO teams VALUES (1);
  INSERT INTO users SELECT i, 'u' || i, 1, 'o', 'free' FROM generate_series(1, 100) i`

async function compile(expand: NonNullable<List>) {
  const definition = defineMigration({ expand })
  const migration = { format: 'typescript', name: '20261122093000_ops', file: 'ops.ts', definition } as const
  return postgresDialect.compile(migration, { batchSize: 1000, batchTime: 250 })
}

/** Runs steps as they say that they run: in transactions, shared by group, or alone. */
async function apply(db: TestDatabase, steps: readonly CompiledStep[]): Promise<void> {
  const client = await db.connect()
  for (let at = 0; at < steps.length; ) {
    const { mode, group } = steps[at]!.execution
    let end = at + 1
    while (group !== undefined && steps[end]?.execution.group === group) end++
    if (mode === 'transaction') await client.query('BEGIN')
    for (const step of steps.slice(at, end)) await client.query(step.statement)
    if (mode === 'transaction') await client.query('COMMIT')
    at = end
  }
}

/** A database after an expand, and how to undo it. */
async function expanded(server: SharedServer, expand: NonNullable<List>) {
  const db = await createDatabase(server)
  await db.query(TABLES)
  const before = await catalog(db)
  const { units, revert } = await compile(expand)
  await apply(db, units.expand!.steps)
  return {
    db,
    undo: async (): Promise<void> => {
      if (!revert.possible) throw new Error(revert.reason)
      for (let time = 0; time < 2; time++) await apply(db, revert.steps)
      expect(await catalog(db)).toEqual(before)
    },
  }
}

/** Columns, constraints and indexes of the tables, as the catalog shows them. */
async function catalog(db: TestDatabase): Promise<readonly string[]> {
  const rows = await db.query<{ line: string }>(`
    SELECT concat_ws(' ', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
      CASE WHEN a.attnotnull THEN 'not null' END, 'default ' || pg_get_expr(d.adbin, d.adrelid)) AS line
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
    UNION ALL
    SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid), CASE WHEN NOT convalidated THEN '(not validated)' END)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    UNION ALL
    SELECT concat_ws(' ', pg_get_indexdef(indexrelid), CASE WHEN NOT indisvalid THEN '(invalid)' END)
    FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'mood ' || enumlabel FROM pg_enum
    ORDER BY 1`)
  return rows.map(({ line }) => line)
}

const CASES: readonly [what: string, expand: NonNullable<List>, adds: readonly string[], removes: readonly string[]][] =
  [
    [
      'addColumn',
      () => [ops.addColumn('users', 'Größe', 'numeric(10,2)', { default: -1.5, notNull: true })],
      ["users Größe numeric(10,2) not null default '-1.5'::numeric"],
      [],
    ],
    [
      'createIndex',
      () => [ops.createIndex('users', ['email', sql`lower(old)`], { where: sql`team > 0`, include: ['id'] })],
      [],
      [],
    ],
    [
      'addUnique',
      () => [ops.addUnique('users', ['email'])],
      [
        'CREATE UNIQUE INDEX users_email_key ON public.users USING btree (email)',
        'users users_email_key UNIQUE (email)',
      ],
      [],
    ],
    [
      'addForeignKey',
      () => [ops.addForeignKey('users', ['team'], { table: 'teams', columns: ['id'] }, { onDelete: 'set null' })],
      ['users users_team_fkey FOREIGN KEY (team) REFERENCES teams(id) ON DELETE SET NULL'],
      [],
    ],
    ['addCheck', () => [ops.addCheck('users', sql`team > 0`)], ['users users_team_check CHECK ((team > 0))'], []],
    ['setNotNull', () => [ops.setNotNull('users', 'email')], ['users email text not null'], ['users email text']],
    [
      'createTable',
      () => [
        ops.createTable('posts', (t) => {
          t.integer('id').primary()
          t.integer('author').references('id').inTable('users')
        }),
        ops.createIndex('posts', ['author']),
      ],
      [
        'CREATE INDEX posts_author_idx ON public.posts USING btree (author)',
        'CREATE UNIQUE INDEX posts_pkey ON public.posts USING btree (id)',
        'posts author integer',
        'posts id integer not null',
        'posts posts_author_foreign FOREIGN KEY (author) REFERENCES users(id)',
        'posts posts_pkey PRIMARY KEY (id)',
      ],
      [],
    ],
  ]

const ONE_WAY: readonly [
  what: string,
  expand: NonNullable<List>,
  adds: readonly string[],
  removes: readonly string[],
][] = [
  ['dropColumn', () => [ops.dropColumn('users', 'plan')], [], ["users plan text default 'free'::text"]],
  [
    'setDefault',
    () => [ops.setDefault('users', 'plan', "it's")],
    ["users plan text default 'it''s'::text"],
    ["users plan text default 'free'::text"],
  ],
  [
    'dropDefault',
    () => [ops.dropDefault('users', 'plan')],
    ['users plan text'],
    ["users plan text default 'free'::text"],
  ],
  [
    'dropIndex',
    () => [ops.dropIndex('users_old_idx')],
    [],
    ['CREATE INDEX users_old_idx ON public.users USING btree (old)'],
  ],
  [
    'dropNotNull and dropConstraint',
    () => [ops.dropConstraint('users', 'users_pkey'), ops.dropNotNull('users', 'id')],
    ['users id integer'],
    [
      'CREATE UNIQUE INDEX users_pkey ON public.users USING btree (id)',
      'users id integer not null',
      'users users_pkey PRIMARY KEY (id)',
    ],
  ],
  [
    'dropTable',
    () => [ops.dropTable('teams')],
    [],
    [
      'CREATE UNIQUE INDEX teams_pkey ON public.teams USING btree (id)',
      'teams id integer not null',
      'teams teams_pkey PRIMARY KEY (id)',
    ],
  ],
  ['addEnumValue', () => [ops.addEnumValue('mood', 'sad', { before: 'ok' })], ['mood sad'], []],
  [
    'alterTable',
    () => [ops.alterTable('users', 'ALTER plan DROP DEFAULT, ALTER email SET NOT NULL')],
    ['users email text not null', 'users plan text'],
    ['users email text', "users plan text default 'free'::text"],
  ],
]

describeOnEveryPostgres('operations', (server) => {
  test.each([...CASES, ...ONE_WAY])(
    '%s changes the catalog as it says, and nothing else',
    async (_, expand, adds, removes) => {
      const db = await createDatabase(server)
      await db.query(TABLES)
      const before = await catalog(db)
      await apply(db, (await compile(expand)).units.expand!.steps)
      const after = await catalog(db)
      const added = after.filter((line) => !before.includes(line))
      if (adds.length > 0 || removes.length > 0) {
        expect(added.sort()).toEqual([...adds].sort())
        expect(before.filter((line) => !after.includes(line)).sort()).toEqual([...removes].sort())
      } else {
        expect(added).toEqual([
          expect.stringMatching(
            /^CREATE INDEX users_email_expr_[0-9a-f]{8}_idx ON public\.users USING btree \(email, lower\(old\)\) INCLUDE \(id\) WHERE \(team > 0\)$/,
          ),
        ])
      }
    },
  )

  test.each(CASES)('%s is undone by its revert, also where it was undone before', async (_, expand) => {
    const { undo } = await expanded(server, expand)
    await undo()
  })

  describe('the probe of a concurrent index', () => {
    async function probe(
      expand: NonNullable<List>,
      prepare = '',
    ): Promise<{ db: TestDatabase; step: CompiledStep; ask: () => Promise<unknown> }> {
      const db = await createDatabase(server)
      await db.query(`${TABLES}; ${prepare}`)
      const target = await connectPostgres({ connection: db.url })
      const session = await target.openSession('setup')
      await target.journal.ensure(session, [])
      await session.close()
      await target.close()
      const step = (await compile(expand)).units.expand!.steps[0]!
      const ask = async (): Promise<unknown> => {
        const rows = await db.query(step.execution.probe!)
        expect(rows).toHaveLength(1)
        return Object.values(rows[0]!)[0]
      }
      return { db, step, ask }
    }

    /** The step is under way, as the journal of its runner says before the statement is sent. */
    async function began(db: TestDatabase, step: CompiledStep): Promise<void> {
      await db.query(
        `INSERT INTO phasegate.step (migration, phase, direction, position, statement, hash, written, spec, state)
         VALUES ('20261122093000_ops', 'expand', 'apply', 0, $1, '', '', '{}', 'started')`,
        [step.statement],
      )
    }

    test.each<[string, NonNullable<List>]>([
      ['by columns', () => [ops.createIndex('users', ['email', 'team'])]],
      [
        'by an expression, partial, with included columns',
        () => [
          ops.createIndex('users', [sql`lower(email)`, 'team'], {
            unique: true,
            where: sql`team > 0`,
            include: ['id'],
          }),
        ],
      ],
      ['of another method', () => [ops.createIndex('users', ['email'], { method: 'hash' })]],
      ['of a schema and a quoted table', () => [ops.createIndex({ schema: 'My', table: 'Tä' }, ['Cö'])]],
    ])('%s says absent before and done after', async (_, expand) => {
      const { db, step, ask } = await probe(expand, 'CREATE SCHEMA "My"; CREATE TABLE "My"."Tä" ("Cö" int)')
      expect(await ask()).toBe('absent')
      await began(db, step)
      await db.query(step.statement)
      expect(await ask()).toBe('done')
    })

    test.each<[string, NonNullable<List>, string, RegExp]>([
      ['order', () => [sql`CREATE INDEX i ON users (email)`], 'CREATE INDEX i ON users (email DESC)', /sort order/],
      ['nulls', () => [sql`CREATE INDEX i ON users (email)`], 'CREATE INDEX i ON users (email NULLS FIRST)', /order/],
      [
        'operator class',
        () => [sql`CREATE INDEX i ON users (email)`],
        'CREATE INDEX i ON users (email text_pattern_ops)',
        /operator class/,
      ],
      [
        'default operator class',
        () => [sql`CREATE INDEX i ON users (email text_pattern_ops)`],
        'CREATE INDEX i ON users (email)',
        /operator class/,
      ],
      [
        'collation',
        () => [sql`CREATE INDEX i ON users (email COLLATE "C")`],
        'CREATE INDEX i ON users (email)',
        /collation/,
      ],
      [
        'split of key and included columns',
        () => [sql`CREATE UNIQUE INDEX i ON users (email, team)`],
        'CREATE UNIQUE INDEX i ON users (email) INCLUDE (team)',
        /included/,
      ],
      [
        'expression',
        () => [sql`CREATE INDEX i ON users (lower(email))`],
        'CREATE INDEX i ON users (upper(email))',
        /cannot be compared/,
      ],
      [
        'condition',
        () => [sql`CREATE UNIQUE INDEX i ON users (email) WHERE team > 0`],
        'CREATE UNIQUE INDEX i ON users (email) WHERE team < 0',
        /cannot be compared/,
      ],
    ])('says conflict for one with another %s', async (_, expand, prepare, says) => {
      const { ask } = await probe(expand, prepare)
      expect(await ask()).toMatch(says)
      expect(await ask()).toMatch(/^conflict: i is /)
    })

    test('knows its own order, operator class and collation again', async () => {
      const { db, step, ask } = await probe(() => [
        sql`CREATE INDEX i ON users (email COLLATE "C" text_pattern_ops DESC NULLS LAST, team DESC, old NULLS FIRST)`,
      ])
      await db.query(step.statement)
      expect(await ask()).toBe('done')
    })

    test('says invalid after a failed build, and the cleanup clears the way', async () => {
      const { db, step, ask } = await probe(() => [ops.createIndex('users', ['team'], { unique: true })])
      await expect(db.query(step.statement)).rejects.toMatchObject({ code: '23505' })
      expect(await ask()).toBe('invalid')
      await db.query(step.execution.cleanup!)
      expect(await ask()).toBe('absent')
    })

    test.each([
      ['on other columns', 'CREATE INDEX users_email_idx ON users (old)', /other columns/],
      ['on an expression', 'CREATE INDEX users_email_idx ON users (lower(email))', /other columns/],
      ['on more columns', 'CREATE INDEX users_email_idx ON users (email, old)', /other columns/],
      ['of another table', 'CREATE INDEX users_email_idx ON teams (id)', /another table/],
      ['that is unique', 'CREATE UNIQUE INDEX users_email_idx ON users (email)', /is unique/],
      ['that is partial', 'CREATE INDEX users_email_idx ON users (email) WHERE team > 0', /is partial/],
      ['of another method', 'CREATE INDEX users_email_idx ON users USING hash (email)', /not of method btree/],
      ['that is a table', 'CREATE TABLE users_email_idx ()', /not an index/],
    ])('says conflict for one of that name %s', async (_, prepare, says) => {
      const { ask } = await probe(() => [ops.createIndex('users', ['email'])], prepare)
      const answer = await ask()
      expect(answer).toMatch(/^conflict: users_email_idx is /)
      expect(answer).toMatch(says)
    })

    test('says absent for an index of that name in another schema', async () => {
      const { ask } = await probe(
        () => [ops.createIndex('users', ['email'])],
        'CREATE SCHEMA s; CREATE TABLE s.t (email text); CREATE INDEX users_email_idx ON s.t (email)',
      )
      expect(await ask()).toBe('absent')
    })

    test('of a drop says absent until the index is gone', async () => {
      const { db, step, ask } = await probe(() => [ops.dropIndex('users_old_idx')])
      expect(await ask()).toBe('absent')
      await db.query(step.statement)
      expect(await ask()).toBe('done')
    })
  })

  test('a proof makes SET NOT NULL leave out the scan', async () => {
    const db = await createDatabase(server)
    await db.query(TABLES)
    const { units } = await compile(() => [ops.setNotNull('users', 'email')])
    const client = await db.connect()
    const scanned = async (): Promise<number> => {
      const { rows } = await client.query(`SELECT pg_stat_get_xact_tuples_returned('users'::regclass)::int AS n`)
      return rows[0].n
    }
    const reads: number[] = []
    for (const { statement } of units.expand!.steps) {
      await client.query('BEGIN')
      const before = await scanned()
      await client.query(statement)
      reads.push((await scanned()) - before)
      await client.query('COMMIT')
    }
    expect(reads).toEqual([0, 100, 0, 0])
  })

  test('names that the server would cut to the same are told apart', async () => {
    const db = await createDatabase(server)
    const column = 'c'.repeat(60)
    await db.query(`CREATE TABLE t (${column}a int, ${column}b int)`)
    const { units } = await compile(() => [ops.createIndex('t', [`${column}a`]), ops.createIndex('t', [`${column}b`])])
    await apply(db, units.expand!.steps)
    expect(await db.query('SELECT count(*)::int AS n FROM pg_index WHERE indrelid = $1::regclass', ['t'])).toEqual([
      { n: 2 },
    ])
  })
})

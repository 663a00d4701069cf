import { ops, sql } from '@phasegate/core'
import { describe, expect, test } from 'vitest'
import { mariadb, mysql, newTable, tableInUse } from './operations.test.support.js'

type AddColumn = ReturnType<typeof ops.addColumn>

describe.each([
  ['MySQL', mysql()],
  ['MariaDB', mariadb()],
])('on %s', (_, { addColumn }) => {
  const compile = (operation: AddColumn): readonly string[] => addColumn.compile(operation, tableInUse)

  test('adds a column, with a default that the catalog can hold', () => {
    expect(compile(ops.addColumn('users', 'email_verified', 'boolean'))).toEqual([
      'ALTER TABLE users ADD COLUMN email_verified boolean',
    ])
    expect(compile(ops.addColumn('users', 'plan', 'varchar(20)', { default: 'free', notNull: true }))).toEqual([
      "ALTER TABLE users ADD COLUMN plan varchar(20) NOT NULL DEFAULT 'free'",
    ])
    expect(compile(ops.addColumn('users', 'at', 'datetime', { default: sql`now()` }))).toEqual([
      'ALTER TABLE users ADD COLUMN at datetime DEFAULT now()',
    ])
    // In brackets it would be an expression to MySQL, and copy the table.
    expect(compile(ops.addColumn('users', 'n', 'int', { default: -1 }))).toEqual([
      'ALTER TABLE users ADD COLUMN n int DEFAULT -1',
    ])
    for (const text of [`"it's"`, "'it\\'s'", "'a' 'b'", "N'x'", "_latin1 'x'", '0x41', '.5', '1.', '-1e3']) {
      expect(compile(ops.addColumn('users', 'n', 'varchar(9)', { default: sql.raw(text) }))).toEqual([
        `ALTER TABLE users ADD COLUMN n varchar(9) DEFAULT ${text}`,
      ])
    }
    expect(compile(ops.addColumn('users', 'at', 'datetime(3)', { default: new Date(5) }))).toEqual([
      "ALTER TABLE users ADD COLUMN at datetime(3) DEFAULT '1970-01-01 00:00:00.005'",
    ])
  })

  test('says what was written and how it is undone', () => {
    const operation = ops.addColumn('users', 'plan', 'text', { default: 'free', notNull: true })
    expect(addColumn.describe(operation)).toBe("ops.addColumn(users, plan, text, default 'free', not null)")
    expect(addColumn.revert(operation)).toEqual({ statements: ['ALTER TABLE users DROP COLUMN IF EXISTS plan'] })
  })

  test.each<[string, AddColumn]>([
    ['a volatile default', ops.addColumn('users', 'token', 'varchar(36)', { default: sql`uuid()` })],
    ['NOT NULL without a default', ops.addColumn('users', 'plan', 'varchar(9)', { notNull: true })],
    ['NOT NULL with a NULL default', ops.addColumn('users', 'plan', 'int', { notNull: true, default: null })],
    ['AUTO_INCREMENT', ops.addColumn('users', 'number', 'bigint AUTO_INCREMENT')],
    ['a stored generated column', ops.addColumn('users', 'twice', 'int AS (n * 2) STORED')],
  ])('refuses %s on a table in use, with the recipe, and allows it on a new one', (_, operation) => {
    expect(() => compile(operation)).toThrow(expect.objectContaining({ code: 'OPERATION.UNSAFE' }))
    expect(addColumn.compile(operation, newTable)).toHaveLength(1)
  })

  test('allows a virtual generated column, and a type with its character set', () => {
    for (const type of [
      'int AS (n * 2) VIRTUAL',
      'varchar(9) CHARACTER SET latin1 COLLATE latin1_bin',
      'int unsigned',
    ]) {
      expect(compile(ops.addColumn('users', 'c', type))).toEqual([`ALTER TABLE users ADD COLUMN c ${type}`])
    }
  })

  test.each([
    'boolean NOT NULL',
    'int UNIQUE',
    'int; DROP TABLE users',
    'int, ADD COLUMN d int',
    'int DEFAULT 1',
    'int FIRST',
    'int, ALGORITHM=COPY',
    'int REFERENCES t (id)',
    ' ',
    7,
  ])('refuses %j as a type', (type) => {
    expect(() => addColumn.compile(ops.addColumn('users', 'c', type as string), newTable)).toThrow(
      expect.objectContaining({ name: 'PhasegateError' }),
    )
  })
})

test('names the three parts of the recipe for a default that would copy the table', () => {
  const operation = ops.addColumn('users', 'total', 'int', { default: sql`1 + 1` })
  expect(() => mysql().addColumn.compile(operation, tableInUse)).toThrow(
    expect.objectContaining({
      code: 'OPERATION.UNSAFE',
      next: [
        "In expand: ops.addColumn('users', 'total', 'int')",
        "In expand: ops.setDefault('users', 'total', sql`(1 + 1)`)",
        'In backfill: set: { total: sql`(1 + 1)` }, where: sql`total IS NULL`',
      ],
    }),
  )
  // MariaDB computes it once and keeps it in the catalog.
  expect(mariadb().addColumn.compile(operation, tableInUse)).toEqual([
    'ALTER TABLE users ADD COLUMN total int DEFAULT (1 + 1)',
  ])
})

test('writes the literal default of a TEXT as MySQL takes it, which copies a table in use', () => {
  const operation = ops.addColumn('users', 'note', 'text', { default: 'none' })
  expect(() => mysql().addColumn.compile(operation, tableInUse)).toThrow(
    expect.objectContaining({ code: 'OPERATION.UNSAFE' }),
  )
  expect(mysql().addColumn.compile(operation, newTable)).toEqual([
    "ALTER TABLE users ADD COLUMN note text DEFAULT ('none')",
  ])
  expect(mariadb().addColumn.compile(operation, tableInUse)).toEqual([
    "ALTER TABLE users ADD COLUMN note text DEFAULT 'none'",
  ])
})

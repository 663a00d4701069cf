import { EXIT, PhasegateError } from '@phasegate/core'

export function alterRefused(table: string, column: string): PhasegateError {
  return new PhasegateError({
    code: 'SCHEMA.ALTER',
    message: `.alter() of ${table}.${column} cannot be done without blocking.`,
    why: 'knex writes MODIFY with what the builder says, which may copy the table and drops what it does not say: default, NOT NULL, comment, collation.',
    next: [
      `Only the default or NOT NULL: ops.setDefault('${table}', '${column}', …), ops.setNotNull, ops.dropNotNull, ops.dropDefault.`,
      'Another type: add a new column in expand, fill it in the backfill (with sync), drop the old one in contract.',
      'A type change that you know to be free of a copy (a longer VARCHAR, a value at the end of an ENUM): sql`ALTER TABLE … MODIFY COLUMN …` with the whole definition.',
    ],
    exit: EXIT.usage,
  })
}

/** knex 3 does these by a query and a callback that runs more statements. */
export function callbackRefused(statement: string): PhasegateError {
  return new PhasegateError({
    code: 'SCHEMA.CALLBACK',
    message: 'knex would read the database and run further statements that no plan can show.',
    why: `The builder compiled to: ${statement}`,
    next: [
      'For renameColumn: sql`ALTER TABLE users RENAME COLUMN a TO b`, which keeps the comment too.',
      'For setNullable and dropNullable: ops.dropNotNull and ops.setNotNull.',
      'Anything else: write the statement as sql`…`, or use an operation of ops.',
    ],
    exit: EXIT.usage,
  })
}

export function defaultIgnored(table: string, column: string): PhasegateError {
  return new PhasegateError({
    code: 'SCHEMA.BUILDER',
    message: `knex leaves out the default of ${table}.${column} without a word, since it is of a TEXT or BLOB type.`,
    why: 'MySQL takes only an expression in brackets as their default, which knex does not write.',
    next: [
      'Use a VARCHAR, or write the table as sql`CREATE TABLE …` with DEFAULT (…).',
      `Or set the default by itself: ops.setDefault('${table}', '${column}', sql\`('…')\`).`,
    ],
    exit: EXIT.usage,
  })
}

/** Where only a string in quotes may stand, a backslash means itself or the start of an escape, as `sql_mode` says. */
export function backslashRefused(where: string, value: string): PhasegateError {
  return new PhasegateError({
    code: 'SCHEMA.BUILDER',
    message: `${where} holds a backslash: ${value}`,
    why: 'What it means depends on sql_mode (NO_BACKSLASH_ESCAPES), and no other form of text may stand there.',
    next: ['Leave the backslash out, or write the statement as sql`…` for the mode that your servers have.'],
    exit: EXIT.usage,
  })
}

import { EXIT, PhasegateError } from '@phasegate/core'

export function alterRefused(table: string, column: string): PhasegateError {
  return new PhasegateError({
    code: 'SCHEMA.ALTER',
    message: `.alter() of ${table}.${column} cannot be done without blocking.`,
    why: 'knex drops the default and NOT NULL, changes the type (which may rewrite the table) and sets them again.',
    next: [
      `Only the default or NOT NULL: ops.setDefault('${table}', '${column}', …), ops.setNotNull, ops.dropNotNull, ops.dropDefault.`,
      'Another type: add a new column in expand, fill it in the backfill (with sync), drop the old one in contract.',
      'A type change that you know to be free of a rewrite: sql`ALTER TABLE … ALTER COLUMN … TYPE …`.',
    ],
    exit: EXIT.usage,
  })
}

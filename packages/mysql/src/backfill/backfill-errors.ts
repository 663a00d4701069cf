import { type CompiledBackfill, type CopyForm, EXIT, PhasegateError } from '@phasegate/core'

const where = (backfill: CompiledBackfill) => (backfill.location === undefined ? {} : { where: backfill.location })

export const describeTable = ({ table }: CompiledBackfill): string =>
  table.schema === undefined ? table.name : `${table.schema}.${table.name}`

export function noTable(backfill: CompiledBackfill, why: string, next: string): PhasegateError {
  return new PhasegateError({
    code: 'BACKFILL.NO_TABLE',
    message: `The backfill cannot work on ${describeTable(backfill)}.`,
    why,
    next: [next],
    exit: EXIT.usage,
    meta: { table: describeTable(backfill) },
    ...where(backfill),
  })
}

/** The table that a backfill fills is not as it must be. */
export function noInto(backfill: CompiledBackfill, { into }: CopyForm, why: string, next: string): PhasegateError {
  return new PhasegateError({
    code: 'BACKFILL.INTO',
    message: `The backfill of ${describeTable(backfill)} cannot fill ${into.name}.`,
    why,
    next: [next],
    exit: EXIT.usage,
    meta: { table: describeTable(backfill), into: into.name },
    ...where(backfill),
  })
}

export function noColumn(backfill: CompiledBackfill, why: string): PhasegateError {
  return new PhasegateError({
    code: 'BACKFILL.NO_COLUMN',
    message: `The backfill of ${describeTable(backfill)} names a column that is not there.`,
    why,
    next: ['Apply the expand that adds it first (phasegate expand), or correct the name in the file.'],
    exit: EXIT.usage,
    meta: { table: describeTable(backfill) },
    ...where(backfill),
  })
}

export function noKey(backfill: CompiledBackfill, why: string): PhasegateError {
  return new PhasegateError({
    code: 'BACKFILL.NO_KEY',
    message: `The backfill of ${describeTable(backfill)} has no key to walk by.`,
    why,
    next: [
      'Name the columns of a unique, visible btree index over the whole of them, all NOT NULL and none of them changed: key: ["a", "b"] (SQL: -- batch: key=(a,b)).',
      `Or add one in expand: ALTER TABLE ${describeTable(backfill)} ADD UNIQUE KEY (column), on a column that is NOT NULL.`,
    ],
    exit: EXIT.usage,
    meta: { table: describeTable(backfill) },
    ...where(backfill),
  })
}

export function badExpression(backfill: CompiledBackfill, cause: unknown): PhasegateError {
  return new PhasegateError({
    code: 'BACKFILL.EXPRESSION',
    message: `The server refuses the backfill of ${describeTable(backfill)}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    why: 'The statement of one batch was planned, not run, and did not pass. Nothing has been changed.',
    next: ['Correct the expressions or the condition in the file; they are SQL in terms of the table’s columns.'],
    exit: EXIT.usage,
    cause,
    ...where(backfill),
  })
}

export function generatedColumn(backfill: CompiledBackfill, columns: readonly string[]): PhasegateError {
  return new PhasegateError({
    code: 'BACKFILL.EXPRESSION',
    message: `The backfill of ${describeTable(backfill)} sets ${columns.join(', ')}, which the server computes.`,
    why: 'A generated column takes no value but that of its own expression.',
    next: ['Leave it out of the file: the server fills it when it is added.'],
    exit: EXIT.usage,
    ...where(backfill),
  })
}

export function readInTurn(backfill: CompiledBackfill, columns: readonly string[]): PhasegateError {
  return new PhasegateError({
    code: 'BACKFILL.EXPRESSION',
    message: `The expressions of the backfill of ${describeTable(backfill)} read each other's columns: ${columns.join(', ')}.`,
    why: 'MySQL and MariaDB assign from left to right, and an expression sees what was assigned before it: no order gives all of them the old values.',
    next: [
      'Write two migrations: the first keeps an old value in a column of its own, the second reads it from there.',
      'Or write one column at a time, each in a migration of its own.',
    ],
    exit: EXIT.usage,
    meta: { columns },
    ...where(backfill),
  })
}

export function neverEnds(backfill: CompiledBackfill, key: string): PhasegateError {
  return new PhasegateError({
    code: 'BACKFILL.NOT_IDEMPOTENT',
    message: `The where of the backfill of ${describeTable(backfill)} still selects a row that was changed (key ${key}).`,
    why: 'Running twice over a row would change it twice, and nothing tells the rows that are done. The batch was rolled back.',
    next: [
      'Give a where that leaves out what is done.',
      'Or declare once: true (SQL: -- batch: once): your word that keys do not change and that rows written after the start need nothing.',
    ],
    exit: EXIT.usage,
    meta: { key },
    ...where(backfill),
  })
}

import { EXIT, PhasegateError } from '../error/phasegate-error.js'

export function refusedMethod(method: string): PhasegateError {
  return new PhasegateError({
    code: 'SCHEMA.METHOD',
    message: `schema.${method} is not available in a migration.`,
    why: 'A phase returns what is to be done and asks the database nothing, so that the same list can be planned, checked and frozen.',
    next: ['Write the change itself; what exists is checked when the migration is planned.'],
    exit: EXIT.usage,
  })
}

export function callbackRefused(statement: string): PhasegateError {
  return new PhasegateError({
    code: 'SCHEMA.CALLBACK',
    message: 'knex would read the database and run further statements that no plan can show.',
    why: `The builder compiled to: ${statement}`,
    next: ['Write the statement as sql`…`, or use an operation of ops.'],
    exit: EXIT.usage,
  })
}

export function unboundRefused(statement: string, problem: string): PhasegateError {
  return new PhasegateError({
    code: 'SCHEMA.BINDINGS',
    message: `knex compiled a statement with ${problem}.`,
    why: `The builder compiled to: ${statement}`,
    next: [
      'Pass a value for each ?, and a name for each ??.',
      'An operator with a question mark (jsonb) is written in sql`…`, which has no placeholders.',
    ],
    exit: EXIT.usage,
  })
}

export function builderFailed(error: unknown): PhasegateError {
  const said = error instanceof Error ? error.message : String(error)
  return new PhasegateError({
    code: 'SCHEMA.BUILDER',
    message: `A schema builder could not be compiled: ${said}`,
    next: ['Compare the call with the documentation of knex 3.'],
    cause: error,
    exit: EXIT.usage,
  })
}

export function otherBuilder(what: string): PhasegateError {
  return new PhasegateError({
    code: 'SCHEMA.BUILDER',
    message: `${what} cannot stand in a list.`,
    why: 'A list holds what the schema, ops and sql that the phase function is given have made.',
    next: ['Write ({ schema, ops, sql }) => [ … ] and use those.'],
    exit: EXIT.usage,
  })
}

import { EXIT, PhasegateError } from '@phasegate/core'
import { hasSqlState } from './sql-state.js'

/** undefined_table, and invalid_schema_name: there is no journal in this database, or not yet. */
export function notInitialised(error: unknown): boolean {
  return hasSqlState(error, ['42P01', '3F000'])
}

/** insufficient_privilege */
export function isForbidden(error: unknown): boolean {
  return hasSqlState(error, ['42501'])
}

/** The statements that let a role read the journal; `appRoles` in the config makes the runner run the same. */
export function grantsFor(role: string): readonly string[] {
  const quoted = `"${role.replaceAll('"', '""')}"`
  return [
    `GRANT USAGE ON SCHEMA phasegate TO ${quoted};`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA phasegate TO ${quoted};`,
  ]
}

/** `JOURNAL.FORBIDDEN`: the role may not read the journal. `meta.grants` holds the statements to run. */
export function journalForbidden(role: string, cause: unknown): PhasegateError {
  const grants = grantsFor(role)
  return new PhasegateError({
    code: 'JOURNAL.FORBIDDEN',
    message: `Role ${role} may not read the journal.`,
    why: cause instanceof Error ? cause.message : String(cause),
    next: [...grants, `Or name the role in the config, appRoles: ['${role}'], and the next run grants it.`],
    meta: { role, grants },
    cause,
    exit: EXIT.usage,
  })
}

/** `JOURNAL.NEWER`: a later major of Phasegate has rebuilt the journal. */
export function journalNewer(found: number, readable: number): PhasegateError {
  return new PhasegateError({
    code: 'JOURNAL.NEWER',
    message: `The journal has version ${found}; this Phasegate reads versions below ${readable}.`,
    why: 'A newer major version of Phasegate has upgraded it.',
    next: ['Upgrade phasegate and @phasegate/status in this project to the version that upgraded the journal.'],
    meta: { found, readableBelow: readable },
    exit: EXIT.usage,
  })
}

/** `JOURNAL.DAMAGED`: the tables are not those that this version created. */
export function journalDamaged(cause: unknown): PhasegateError {
  return new PhasegateError({
    code: 'JOURNAL.DAMAGED',
    message: 'The journal exists, but cannot be read as this version of Phasegate knows it.',
    why: cause instanceof Error ? cause.message : String(cause),
    next: ['phasegate doctor'],
    cause,
    exit: EXIT.usage,
  })
}

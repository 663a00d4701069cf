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

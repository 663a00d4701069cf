import { isPhase, nearestName, PHASES, type Phase, type UnitId } from '@phasegate/core'
import { migrationAmbiguous, migrationUnknown, unitOfOtherLane, unitUnknown } from './load-errors.js'

/**
 * The migration that a person means by its name, its slug or a unique beginning of either.
 *
 * @param names of all migrations: those of the files and those that only the journal knows
 * @throws `MIGRATION.UNKNOWN` with the nearest name, `MIGRATION.AMBIGUOUS` with all that fit
 * @example
 * resolveMigration('email', ['20261122093000_email_verified']) // '20261122093000_email_verified'
 */
export function resolveMigration(text: string, names: readonly string[]): string {
  const wanted = text.replace(/^.*[\\/]/, '').replace(/\.(ts|mts|js|mjs|sql)$/, '')
  const ways: readonly ((name: string) => boolean)[] = [
    (name) => name === wanted,
    (name) => slug(name) === wanted,
    (name) => wanted !== '' && (name.startsWith(wanted) || slug(name).startsWith(wanted)),
  ]
  for (const fits of ways) {
    const found = names.filter(fits)
    if (found.length === 1) return found[0]!
    if (found.length > 1) throw migrationAmbiguous(text, found)
  }
  throw migrationUnknown(text, nearestName(wanted, names.map(slug)), names)
}

/**
 * The unit that a person means: `migration:phase`, where the migration may be shortened like in `resolveMigration`.
 *
 * @param lane the phase that the verb is about; it may then be left out
 * @throws `UNIT.UNKNOWN` for a missing, unknown or other phase; as `resolveMigration` for the rest
 */
export function resolveUnit(text: string, names: readonly string[], lane?: Phase): UnitId {
  const at = text.lastIndexOf(':')
  const said = at < 0 ? undefined : text.slice(at + 1)
  const phase = said ?? lane
  if (phase === undefined) {
    throw unitUnknown(text, 'A unit is a phase of a migration.', `Write ${text}:${PHASES.join(` or ${text}:`)}`)
  }
  if (!isPhase(phase)) {
    const meant = nearestName(phase, PHASES)
    throw unitUnknown(
      text,
      `'${phase}' is not a phase.`,
      meant === undefined ? `Phases are: ${PHASES.join(', ')}` : `Did you mean '${text.slice(0, at)}:${meant}'?`,
    )
  }
  if (lane !== undefined && phase !== lane) {
    throw unitOfOtherLane(text, phase, lane)
  }
  return { migration: resolveMigration(at < 0 ? text : text.slice(0, at), names), phase }
}

function slug(name: string): string {
  return name.replace(/^\d{14}_/, '')
}

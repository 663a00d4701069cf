import { EXIT, PhasegateError, type SourceLocation, type UnitName } from '@phasegate/core'
import type { NameProblem } from './migration-name.js'

const WHY_NAME: Readonly<Record<NameProblem, string>> = {
  form: 'A name is 14 digits of UTC time, an underscore and a slug, so that names sort in the order they were made.',
  timestamp: 'Its 14 digits are not a date and time that exists.',
  slug: 'Its slug may hold ASCII letters, digits, _ and -, so that it is the same on every file system.',
}

export function migrationName(file: string, problem: NameProblem, suggestion: string): PhasegateError {
  return new PhasegateError({
    code: 'MIGRATION.NAME',
    message: `${file} is not named like a migration.`,
    why: WHY_NAME[problem],
    where: { file },
    next: [`Rename it, for example to ${suggestion}`, 'or begin its name with _ if it is not a migration.'],
    exit: EXIT.usage,
  })
}

export function migrationDuplicate(name: string, files: readonly string[]): PhasegateError {
  return new PhasegateError({
    code: 'MIGRATION.DUPLICATE',
    message: `The migration ${name} exists ${files.length} times: ${files.join(', ')}.`,
    why: 'The extension is not part of a name, so these are one migration.',
    where: { file: files[0]! },
    next: ['Remove or rename all but one of them.'],
    meta: { files },
    exit: EXIT.usage,
  })
}

export function migrationLoad(where: SourceLocation, said: string, cause: unknown): PhasegateError {
  return new PhasegateError({
    code: 'MIGRATION.LOAD',
    message: `The migration could not be loaded: ${said}`,
    where,
    next: ['Correct the file, then run: phasegate check'],
    cause,
    exit: EXIT.usage,
  })
}

export function migrationNoExport(where: SourceLocation, found: string): PhasegateError {
  return new PhasegateError({
    code: 'MIGRATION.NO_EXPORT',
    message: `The migration must export its definition as the default, and it exports ${found}.`,
    where,
    next: ["Write: export default defineMigration({ … }), with import { defineMigration } from 'phasegate'"],
    exit: EXIT.usage,
  })
}

export function migrationUnknown(text: string, meant: string | undefined, names: readonly string[]): PhasegateError {
  const last = names.slice(-5)
  const all = last.length === names.length
  return new PhasegateError({
    code: 'MIGRATION.UNKNOWN',
    message: `There is no migration '${text}'.`,
    why:
      last.length === 0
        ? 'There are no migrations at all.'
        : `${all ? 'There are' : 'The last are'}: ${last.join(', ')}.`,
    next: [meant === undefined ? 'Give the name, the slug or the beginning of one.' : `Did you mean '${meant}'?`],
    meta: meant === undefined ? { given: text } : { given: text, nearest: meant },
    exit: EXIT.usage,
  })
}

export function migrationAmbiguous(text: string, names: readonly string[]): PhasegateError {
  return new PhasegateError({
    code: 'MIGRATION.AMBIGUOUS',
    message: `'${text}' stands for ${names.length} migrations: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}.`,
    next: ['Give more of the name.'],
    meta: { given: text, names },
    exit: EXIT.usage,
  })
}

export function unitMissing(unit: UnitName): PhasegateError {
  return new PhasegateError({
    code: 'UNIT.UNKNOWN',
    message: `There is no unit ${unit}: its migration has no such phase.`,
    next: ['phasegate status'],
    exit: EXIT.usage,
  })
}

/** The unit may well exist: it is the verb that is the wrong one. */
export function unitOfOtherLane(text: string, phase: string, lane: string): PhasegateError {
  return new PhasegateError({
    code: 'UNIT.UNKNOWN',
    message: `phasegate ${lane} takes units of ${lane}.`,
    why: `'${text}' is of ${phase}.`,
    next: [`phasegate ${phase} ${text}`],
    meta: { given: text },
    exit: EXIT.usage,
  })
}

export function unitUnknown(text: string, why: string, next: string): PhasegateError {
  return new PhasegateError({
    code: 'UNIT.UNKNOWN',
    message: `There is no unit '${text}'.`,
    why,
    next: [next],
    meta: { given: text },
    exit: EXIT.usage,
  })
}

export function migrationApplication(
  where: SourceLocation,
  name: string,
  meant: string | undefined,
  known: readonly string[],
): PhasegateError {
  return new PhasegateError({
    code: 'MIGRATION.APPLICATION',
    message: `The migration names the application '${name}', which the config does not know.`,
    why: `The config's applications are: ${known.join(', ')}.`,
    where,
    next: [meant === undefined ? `Add '${name}' to 'applications' in the config.` : `Did you mean '${meant}'?`],
    exit: EXIT.usage,
  })
}

import { EXIT, PhasegateError, type SourceLocation } from '@phasegate/core'
import { dialectTitles } from '../load/dialects.js'

export function configNotFound(file: string): PhasegateError {
  return new PhasegateError({
    code: 'CONFIG.NOT_FOUND',
    message: `There is no config file ${file}.`,
    next: ['Give --config the path of an existing file, or write one with: phasegate init'],
    exit: EXIT.usage,
  })
}

export function configLoad(where: SourceLocation, said: string, cause: unknown): PhasegateError {
  return new PhasegateError({
    code: 'CONFIG.LOAD',
    message: `The config file could not be loaded: ${said}`,
    where,
    next: ['Correct the file; it is plain TypeScript or JavaScript and needs no build.'],
    cause,
    exit: EXIT.usage,
  })
}

export function configExport(where: SourceLocation, found: string): PhasegateError {
  return new PhasegateError({
    code: 'CONFIG.NO_EXPORT',
    message: `The config file must export an object as its default, and it exports ${found}.`,
    where,
    next: ["Write: export default defineConfig({ … }), with import { defineConfig } from 'phasegate'"],
    exit: EXIT.usage,
  })
}

export function configUnknownKey(
  where: SourceLocation,
  path: string,
  meant: string | undefined,
  known: readonly string[],
): PhasegateError {
  return new PhasegateError({
    code: 'CONFIG.UNKNOWN_KEY',
    message: `The config has no setting '${path}'.`,
    where,
    next: [meant === undefined ? `Settings here are: ${known.join(', ')}` : `Did you mean '${meant}'?`],
    meta: { key: path, ...(meant === undefined ? {} : { nearest: meant }) },
    exit: EXIT.usage,
  })
}

export function configLaterKey(where: SourceLocation, path: string): PhasegateError {
  return new PhasegateError({
    code: 'CONFIG.NOT_YET',
    message: `The setting '${path}' comes with a later version of Phasegate.`,
    why: 'This version would ignore it, and you would believe that it counts.',
    where,
    next: [`Remove '${path}' for now.`],
    meta: { key: path },
    exit: EXIT.usage,
  })
}

export function configValue(origin: string, path: string, expected: string, where?: SourceLocation): PhasegateError {
  return new PhasegateError({
    code: 'CONFIG.VALUE',
    message: `${origin}: '${path}' must be ${expected}.`,
    ...(where === undefined ? {} : { where }),
    next: [`Correct '${path}'.`],
    meta: { key: path },
    exit: EXIT.usage,
  })
}

/** What a URL looks like, for the way out. */
const URLS = 'postgres://user@host:5432/database or mysql://user@host:3306/database'

export function configDialect(found: string, from: string): PhasegateError {
  return new PhasegateError({
    code: 'CONFIG.DIALECT',
    message: `'${found}' (from ${from}) is not a database that Phasegate knows.`,
    why: `It knows ${dialectTitles()}.`,
    next: [`Use a URL such as ${URLS}`],
    exit: EXIT.usage,
  })
}

/** Two parts of the configuration speak of databases that cannot be one. */
export function configDialects(given: string, from: string, database: string, databaseFrom: string): PhasegateError {
  return new PhasegateError({
    code: 'CONFIG.DIALECT',
    message: `The dialect is '${given}' (from ${from}), and the database is ${database} (from ${databaseFrom}).`,
    why: 'Files would be compiled for one database and run on another.',
    next: ["Leave 'dialect' out where the database says it, or correct one of the two."],
    exit: EXIT.usage,
  })
}

export function configDatabaseUrl(from: string, why: string): PhasegateError {
  return new PhasegateError({
    code: 'CONFIG.DATABASE_URL',
    message: `The database given by ${from} is not a URL that can be used.`,
    why,
    next: [`Write it as ${URLS}, the password after the user and a colon, special characters percent-encoded.`],
    exit: EXIT.usage,
  })
}

export function configPool(from: string): PhasegateError {
  return new PhasegateError({
    code: 'CONFIG.POOL',
    message: `${from}: 'database' is a live pool or knex instance.`,
    why: 'Phasegate pins its own connections, with timeouts that must not leak into a pool that your application uses.',
    next: ['Give the URL, the knex configuration or the connection settings that the pool was made from.'],
    exit: EXIT.usage,
  })
}

/** @param notes variables that look like a misspelt setting: one of them may be why there is no database */
export function configNoDatabase(notes: readonly string[]): PhasegateError {
  return new PhasegateError({
    code: 'CONFIG.NO_DATABASE',
    message: 'No database is configured.',
    ...(notes.length === 0 ? {} : { why: notes.join('\n') }),
    next: [
      `Give --database ${URLS}`,
      'or set PHASEGATE_DATABASE_URL (or DATABASE_URL)',
      "or set 'database' in phasegate.config.ts (phasegate init writes one)",
    ],
    exit: EXIT.usage,
  })
}

export function configMigrationsFolder(folder: string, why: string): PhasegateError {
  return new PhasegateError({
    code: 'CONFIG.MIGRATIONS_FOLDER',
    message: `The migrations folder ${folder} cannot be read: ${why}.`,
    next: [
      'Make it, and a first migration, with: phasegate new <slug>',
      "or name another one with 'migrations' in the config.",
    ],
    exit: EXIT.usage,
  })
}

import { readFile } from 'node:fs/promises'
import {
  isPhasegateError,
  type LoadedMigration,
  type MigrationDefinition,
  PhasegateError,
  type SourceLocation,
} from '@phasegate/core'
import type { Settings } from '../config/settings.js'
import { migrationDuplicate, migrationLoad, migrationName, migrationNoExport } from './load-errors.js'
import { listMigrationFiles, type MigrationFile } from './migration-files.js'
import { nameProblem, slugOf, timestampOf } from './migration-name.js'
import { lineOf, whatItSaid } from './source-line.js'
import { createUserModuleLoader, type UserModuleLoader } from './user-module.js'

export interface MigrationsRead {
  /** In migration order, without the files that are wrong. */
  readonly migrations: readonly LoadedMigration[]
  /** One a file that is wrong. */
  readonly errors: readonly PhasegateError[]
  readonly notes: readonly string[]
}

type Source = Pick<Settings, 'migrations' | 'cwd'>

/**
 * Reads every migration file, and goes on after a wrong one, so that `check` can show all that is wrong.
 *
 * @throws `CONFIG.MIGRATIONS_FOLDER`
 */
export async function readMigrations(source: Source): Promise<MigrationsRead> {
  const { files, notes } = listMigrationFiles(source.migrations, source.cwd)
  const loader = createUserModuleLoader(source.cwd)
  const migrations: LoadedMigration[] = []
  const errors: PhasegateError[] = []
  for (const [name, same] of byName(files)) {
    try {
      const file = same[0]!
      assertName(file)
      if (same.length > 1)
        throw migrationDuplicate(
          name,
          same.map((other) => other.shown),
        )
      migrations.push(await loadFile(file, loader))
    } catch (error) {
      if (!isPhasegateError(error)) throw error
      errors.push(error)
    }
  }
  return { migrations, errors, notes }
}

/**
 * Reads every migration file, all or nothing; what every verb but `check` begins with.
 *
 * @throws the first error, in migration order: `MIGRATION.NAME`, `MIGRATION.DUPLICATE`, `MIGRATION.LOAD`,
 *   `MIGRATION.NO_EXPORT`, or what `defineMigration`'s arguments raise; `CONFIG.MIGRATIONS_FOLDER`
 */
export async function loadMigrations(source: Source): Promise<readonly LoadedMigration[]> {
  const { migrations, errors } = await readMigrations(source)
  if (errors[0] !== undefined) throw errors[0]
  return migrations
}

async function loadFile(file: MigrationFile, loader: UserModuleLoader): Promise<LoadedMigration> {
  const { name, shown } = file
  if (file.extension === '.sql') {
    return { format: 'sql', name, file: shown, text: await readSql(file) }
  }
  let exported: unknown
  try {
    exported = await loader.load(file.path)
  } catch (error) {
    const line = lineOf(error, file.path)
    const where = line === undefined ? { file: shown } : { file: shown, line }
    throw isPhasegateError(error) ? placed(error, where) : migrationLoad(where, whatItSaid(error), error)
  }
  if (typeof exported !== 'object' || exported === null || Array.isArray(exported)) {
    throw migrationNoExport({ file: shown }, described(exported))
  }
  return { format: 'typescript', name, file: shown, definition: exported as MigrationDefinition }
}

/**
 * Line ends become LF, so that one commit is one text on every machine, whatever git made of it on checkout.
 */
async function readSql(file: MigrationFile): Promise<string> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file.path))
    return text.replaceAll('\r\n', '\n')
  } catch (error) {
    const said = error instanceof TypeError ? 'it is not UTF-8' : whatItSaid(error)
    throw migrationLoad({ file: file.shown }, said, error)
  }
}

function assertName(file: MigrationFile): void {
  const problem = nameProblem(file.name)
  if (problem === undefined) return
  const digits = problem === 'slug' ? file.name.slice(0, 14) : timestampOf(new Date())
  const slug = slugOf(file.name.replace(/^\d+[_-]?/, '')) || 'describe_the_change'
  throw migrationName(file.shown, problem, `${digits}_${slug}${file.extension}`)
}

function byName(files: readonly MigrationFile[]): ReadonlyMap<string, readonly MigrationFile[]> {
  const groups = new Map<string, MigrationFile[]>()
  for (const file of files) groups.set(file.name, [...(groups.get(file.name) ?? []), file])
  return groups
}

/** An error of ours that the file's own code raised (`sql` with a value it cannot carry), with the place. */
function placed(error: PhasegateError, where: SourceLocation): PhasegateError {
  return error.where !== undefined
    ? error
    : new PhasegateError({ ...error.toJSON(), where, cause: error, exit: error.exit })
}

function described(exported: unknown): string {
  if (exported === undefined) return 'nothing as the default'
  if (exported === null) return 'null'
  if (Array.isArray(exported)) return 'a list'
  return `a ${typeof exported}`
}

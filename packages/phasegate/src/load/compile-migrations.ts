import {
  type CompiledMigration,
  isPhasegateError,
  type LoadedMigration,
  nearestName,
  type PhasegateError,
  type Target,
} from '@phasegate/core'
import type { Settings } from '../config/settings.js'
import { dialectOf } from './dialect-of.js'
import { migrationApplication } from './load-errors.js'

type Compiling = Pick<Settings, 'dialect' | 'serverVersion' | 'backfill' | 'applications'>

/** Compiles every migration, and goes on after one that is wrong, so that `check` can show all that is wrong. */
export async function compileEach(
  migrations: readonly LoadedMigration[],
  settings: Compiling,
): Promise<{ readonly compiled: readonly CompiledMigration[]; readonly errors: readonly PhasegateError[] }> {
  const dialect = await dialectOf(settings)
  const compiled: CompiledMigration[] = []
  const errors: PhasegateError[] = []
  for (const migration of migrations) {
    try {
      const result = await dialect.compile(migration, {
        ...settings.backfill,
        ...(settings.serverVersion === undefined ? {} : { serverVersion: settings.serverVersion }),
      })
      assertApplications(result, settings.applications)
      compiled.push(result)
    } catch (error) {
      if (!isPhasegateError(error)) throw error
      errors.push(error)
    }
  }
  return { compiled, errors }
}

/**
 * Compiles loaded files, all or nothing: what verbs do before the first lock is taken.
 *
 * @throws the first error, in migration order
 */
export async function compileAll(
  migrations: readonly LoadedMigration[],
  settings: Compiling,
): Promise<readonly CompiledMigration[]> {
  return allOf(await compileEach(migrations, settings))
}

/**
 * As `compileAll`, before anything is connected to. What is wrong for the oldest version of a server may be right for the
 * one that is there: where the settings name no version and the dialect asks for one, errors are left to the compiling
 * for that server, and undefined is returned.
 */
export async function compileBeforehand(
  migrations: readonly LoadedMigration[],
  settings: Compiling,
): Promise<readonly CompiledMigration[] | undefined> {
  const result = await compileEach(migrations, settings)
  const provisional = settings.serverVersion === undefined && (await dialectOf(settings)).versioned
  return provisional && result.errors.length > 0 ? undefined : allOf(result)
}

function allOf({ compiled, errors }: Awaited<ReturnType<typeof compileEach>>): readonly CompiledMigration[] {
  if (errors[0] !== undefined) throw errors[0]
  return compiled
}

/**
 * The settings to compile with for a server that is there; undefined where what was compiled with `settings` is right for
 * it: its dialect makes the same of a file for every version, or it is the very server that the settings speak of.
 */
export async function compilingFor<S extends Compiling>(
  { dialect, serverVersion }: Pick<Target, 'dialect' | 'serverVersion'>,
  settings: S,
): Promise<S | undefined> {
  const same = dialect === settings.dialect && serverVersion === settings.serverVersion
  if (same || !(await dialectOf({ dialect })).versioned) return undefined
  return { ...settings, dialect, serverVersion }
}

/** A name that the config does not know would never answer a gate, or would never be asked. */
function assertApplications(migration: CompiledMigration, applications: Settings['applications']): void {
  if (applications === undefined) return
  const known = applications
  const declared = typeof migration.appUses === 'object' ? Object.keys(migration.appUses) : []
  const unknown = [...(migration.applications ?? []), ...declared].find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw migrationApplication({ file: migration.file }, unknown, nearestName(unknown, known), known)
  }
}

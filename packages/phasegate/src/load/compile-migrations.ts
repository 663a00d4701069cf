import {
  type CompiledMigration,
  isPhasegateError,
  type LoadedMigration,
  nearestName,
  type PhasegateError,
} from '@phasegate/core'
import type { Settings } from '../config/settings.js'
import { dialectOf } from './dialect-of.js'
import { migrationApplication } from './load-errors.js'
import { loadMigrations } from './load-migrations.js'

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
 * Loads and compiles every migration, all or nothing: what verbs do before the first lock is taken.
 *
 * @param settings `serverVersion` should be that of the database where there is one
 * @throws the first error, in migration order
 */
export async function compileMigrations(settings: Settings): Promise<readonly CompiledMigration[]> {
  const { compiled, errors } = await compileEach(await loadMigrations(settings), settings)
  if (errors[0] !== undefined) throw errors[0]
  return compiled
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

import { resolve } from 'node:path'
import type { CompiledMigration, LoadedMigration, PhasegateError } from '@phasegate/core'
import type { Finding } from '@phasegate/safety'
import { readSettings, type SettingsOptions } from '../config/read-settings.js'
import type { Settings } from '../config/settings.js'
import { displayPath } from '../display-path.js'
import { compileEach, compilingFor } from '../load/compile-migrations.js'
import { readMigrations } from '../load/load-migrations.js'
import { resolveMigration } from '../load/resolve-unit.js'

export interface CheckOptions extends SettingsOptions {
  /** Paths, names or slugs to report on; default: all. Every file is read either way: names may clash. */
  readonly files?: readonly string[]
  /** URL or file of a status document: what the database has applied. */
  readonly against?: string
}

export interface CheckResult {
  /** Nothing is wrong: no error, and no finding that is one. */
  readonly passed: boolean
  /** How many files were checked. */
  readonly checked: number
  /** Files that are wrong in themselves: one error each. */
  readonly errors: readonly PhasegateError[]
  /** What the safety rules found in the others. */
  readonly findings: readonly Finding[]
  readonly notes: readonly string[]
}

/**
 * Loads, compiles and checks migration files, and tells everything that is wrong with all of them. Needs no database; with
 * `database` it also says what only a database knows, with `against` what a database that is elsewhere has applied.
 *
 * @throws what is wrong with the configuration (`CONFIG.…`), `MIGRATION.UNKNOWN` for a name in `files`,
 *   `CHECK.AGAINST`, `DATABASE.*`
 * @example
 * const { passed, errors, findings } = await runCheck()
 */
export async function runCheck(options: CheckOptions = {}): Promise<CheckResult> {
  const settings = await readSettings(options)
  const read = await readMigrations(settings)
  const { compiled, errors: uncompiled, notes } = await compileFor(options, settings, read.migrations)
  const errors = [...uncompiled, ...(await errorsAgainst(options, settings, compiled))]
  const { checkMigration } = await import('@phasegate/safety')
  const findings = compiled.flatMap((migration) => checkMigration(migration))
  const wanted = wantedFiles(options.files ?? [], settings, [
    ...read.migrations,
    ...read.errors.flatMap(({ where }) =>
      where === undefined ? [] : [{ name: nameOf(where.file), file: where.file }],
    ),
  ])
  const concerns = (item: { readonly where?: { readonly file: string } | undefined }): boolean =>
    wanted === undefined || item.where === undefined || wanted.has(item.where.file)
  const wrong = [...read.errors, ...errors].filter(concerns)
  const found = findings.filter(concerns)
  return {
    passed: wrong.length === 0 && !found.some((finding) => finding.severity === 'error'),
    checked: wanted?.size ?? read.migrations.length + read.errors.length,
    errors: wrong.sort((a, b) => ((a.where?.file ?? '') < (b.where?.file ?? '') ? -1 : 1)),
    findings: found,
    notes: [...settings.notes, ...read.notes, ...notes],
  }
}

/** What the files do to units that a database has applied: the one whose status was given, and the one that was named. */
async function errorsAgainst(
  options: CheckOptions,
  settings: Settings,
  compiled: readonly CompiledMigration[],
): Promise<readonly PhasegateError[]> {
  if (options.against === undefined && options.database === undefined) return []
  const { checkAgainst, readStatusDocument } = await import('./check-against.js')
  if (options.against !== undefined)
    return checkAgainst(compiled, await readStatusDocument(options.against, settings.cwd))
  const { runStatus } = await import('./status.js')
  return checkAgainst(compiled, await runStatus(options))
}

/**
 * Compiles for what the settings say. With `--database` for the server that is there, where that makes a difference, and
 * with what only a database knows: late files, tables that are not there.
 */
async function compileFor(
  options: CheckOptions,
  settings: Settings,
  loaded: readonly LoadedMigration[],
): Promise<Awaited<ReturnType<typeof compileEach>> & { readonly notes: readonly string[] }> {
  const first = await compileEach(loaded, settings)
  if (options.database === undefined) return { ...first, notes: [] }
  const { databaseNotes } = await import('@phasegate/runner')
  const { withSession } = await import('../target/open-runner.js')
  return withSession(options, 'check', async (session, target) => {
    const forServer = await compilingFor(target, settings)
    const result = forServer === undefined ? first : await compileEach(loaded, forServer)
    return { ...result, notes: await databaseNotes(target, session, result.compiled) }
  })
}

/** Undefined: all. */
function wantedFiles(
  given: readonly string[],
  settings: Settings,
  known: readonly { readonly name: string; readonly file: string }[],
): ReadonlySet<string> | undefined {
  if (given.length === 0) return undefined
  const files = given.map((text) => {
    const path = displayPath(settings.cwd, resolve(settings.cwd, text))
    const name = resolveMigration(text, [...new Set(known.map((migration) => migration.name))])
    return known.find((migration) => migration.file === path) ?? known.find((migration) => migration.name === name)!
  })
  return new Set(files.map((migration) => migration.file))
}

function nameOf(file: string): string {
  return file.replace(/^.*\//, '').replace(/\.[^.]+$/, '')
}

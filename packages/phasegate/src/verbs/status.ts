import { existsSync } from 'node:fs'
import { type BuildManifest, EXIT, type ExitCode, type JournalSnapshot, PHASES, type Phase } from '@phasegate/core'
import { buildDocument, type KnownMigration, readManifest, type StatusDocument } from '@phasegate/status'
import type { Settings } from '../config/settings.js'
import { loadMigrations } from '../load/load-migrations.js'
import { resolveMigration } from '../load/resolve-unit.js'
import { type TargetOptions, withSession } from '../target/open-runner.js'

export interface StatusOptions extends TargetOptions {
  /** Only this migration, by slug or unique prefix. */
  readonly migration?: string
  /** The build to answer for; default: nothing is required. */
  readonly manifest?: string
}

/** The status document: files and journal, nothing compiled, nothing locked, nothing created. */
export function runStatus(options: StatusOptions = {}): Promise<StatusDocument> {
  return withSession(options, 'status', async (session, target, settings) => {
    const snapshot = await target.journal.read(session)
    const manifest = options.manifest === undefined ? undefined : readManifest(options.manifest)
    return documentOf(snapshot, await knownMigrations(settings), manifest, options.migration)
  })
}

export function documentOf(
  snapshot: JournalSnapshot,
  known: readonly KnownMigration[] | undefined,
  manifest: BuildManifest | undefined,
  only: string | undefined,
): StatusDocument {
  const document = buildDocument({ snapshot, migrations: known, manifest })
  if (only === undefined) return document
  const name = resolveMigration(
    only,
    document.migrations.map((migration) => migration.name),
  )
  const migrations = document.migrations.filter((migration) => migration.name === name)
  return {
    ...document,
    migrations,
    counts: countPending(migrations),
    gates: Object.fromEntries(Object.entries(document.gates).filter(([unit]) => unit.startsWith(`${name}:`))),
  }
}

/** Units that are not applied, per phase. */
function countPending(migrations: StatusDocument['migrations']): StatusDocument['counts'] {
  const pending = (phase: Phase): number =>
    migrations.filter(({ phases }) => (phases[phase]?.state ?? 'applied') !== 'applied').length
  return { expand: pending('expand'), backfill: pending('backfill'), contract: pending('contract') }
}

/** Names and phases of the files, read but not compiled, so that status answers at once. */
export async function knownMigrations(settings: Settings): Promise<readonly KnownMigration[] | undefined> {
  // A container that only asks may carry no files.
  if (!existsSync(settings.migrations)) return undefined
  const { phasesOf } = await import('../load/phases-of.js')
  return (await loadMigrations(settings)).map((loaded) => {
    const phases = phasesOf(loaded)
    return { name: loaded.name, phases: PHASES.filter((phase) => phases.includes(phase)) }
  })
}

/** `status --check`: 5 where this build must not run, 4 where something that it requires (`--all`: anything) is pending. */
export function statusExit(document: StatusDocument, all: boolean): ExitCode {
  if (document.verdict === 'incompatible') return EXIT.incompatible
  if (document.verdict === 'unknown') return EXIT.unreachable
  const pending = PHASES.some((phase) => document.counts[phase] > 0)
  return document.missing.length > 0 || (all && pending) ? EXIT.pending : EXIT.done
}

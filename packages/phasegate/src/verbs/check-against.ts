import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  type CompiledMigration,
  declaredUses,
  EXIT,
  type ExitCode,
  isDrift,
  isPhasegateError,
  PHASES,
  type Phase,
  PhasegateError,
  unitName,
} from '@phasegate/core'
import type { StatusDocument } from '@phasegate/status'

/** What of the status document is compared: it may come from a newer version, so nothing else is looked at. */
type Known = Pick<StatusDocument, 'migrations'>

const TIMEOUT_MS = 10_000
/** Contract states in which the old shape is gone, or announced to go. */
const TAKEN: readonly string[] = ['contracting', 'running', 'interrupted', 'applied']

/**
 * Reads a status document from a running application (`/migrations/status`), or from a file that
 * `phasegate status --json` wrote.
 *
 * @throws `CHECK.AGAINST`: exit 11 where the application does not answer or answers 5xx, so that trying again may help
 */
export async function readStatusDocument(source: string, cwd: string): Promise<Known> {
  const text = /^https?:\/\//.test(source) ? await fetchText(source) : await readText(resolve(cwd, source), source)
  const document = parse(text)
  if (document === undefined) throw unreadable(source, 'It is not a status document.', EXIT.usage)
  return document
}

/** What a pull request must not do to a database in that state: change what is applied, or use what contract took. */
export function checkAgainst(migrations: readonly CompiledMigration[], document: Known): readonly PhasegateError[] {
  const known = new Map(document.migrations.map((migration) => [migration.name, migration.phases]))
  return migrations.flatMap((migration) => {
    const phases = known.get(migration.name)
    if (phases === undefined) return []
    const changed = PHASES.filter((phase) => {
      const view = phases[phase]
      const authored = migration.units[phase]?.fingerprint
      if (view?.state !== 'applied' || view.fingerprint === null || authored === undefined) return false
      return isDrift(view.fingerprint, authored)
    })
    const old = declaredUses(migration.appUses).find((use) => use !== 'new')
    const taken = old !== undefined && TAKEN.includes(phases.contract?.state ?? 'pending')
    return [...changed.map((phase) => drift(migration, phase)), ...(taken ? [usesOld(migration, old)] : [])]
  })
}

async function fetchText(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (response.ok) return await response.text()
    const exit = response.status >= 500 ? EXIT.unreachable : EXIT.usage
    throw unreadable(url, `It answered ${response.status}.`, exit)
  } catch (error) {
    if (isPhasegateError(error)) throw error
    // fetch says only that it failed; the reason is in the cause.
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error
    throw unreadable(url, reason instanceof Error ? reason.message : String(reason), EXIT.unreachable, error)
  }
}

async function readText(path: string, shown: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw unreadable(shown, error instanceof Error ? error.message : String(error), EXIT.usage, error)
  }
}

function parse(text: string): Known | undefined {
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null || !('schemaVersion' in value)) return undefined
  return 'migrations' in value && Array.isArray(value.migrations) ? (value as Known) : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Whatever it is instead, it is no document.
    return undefined
  }
}

function drift(migration: CompiledMigration, phase: Phase): PhasegateError {
  const unit = unitName({ migration: migration.name, phase })
  return new PhasegateError({
    code: 'UNIT.DRIFT',
    message: `${unit} was applied, and its file says something else now.`,
    next: ['Put the file back as it was applied, and write the change as a new migration: phasegate new …'],
    where: { file: migration.file },
    exit: EXIT.drift,
  })
}

function usesOld(migration: CompiledMigration, use: string): PhasegateError {
  return new PhasegateError({
    code: 'BUILD.USES_OLD',
    message: `The file says '${use}' to ${migration.name}, whose contract has begun to take the old shape away.`,
    next: ["If the code uses only the new shape, say appUses: 'new'; otherwise this build must not be deployed."],
    where: { file: migration.file },
    exit: EXIT.incompatible,
  })
}

function unreadable(source: string, why: string, exit: ExitCode, cause?: unknown): PhasegateError {
  return new PhasegateError({
    code: 'CHECK.AGAINST',
    message: `There is no status document at ${source}.`,
    why,
    next: ['Give the URL of /migrations/status, or a file: phasegate status --json > status.json'],
    cause,
    exit,
  })
}

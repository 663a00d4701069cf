import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { APP_USES, type BuildManifest, EXIT, isPhase, PhasegateError } from '@phasegate/core'

/**
 * Reads and checks a build manifest: a path, a `file:` URL, or the object itself. Unknown keys are ignored, so that an
 * older package reads what a newer command line wrote.
 *
 * @throws `MANIFEST.NOT_FOUND`, `MANIFEST.INVALID`, `MANIFEST.NEWER`
 * @example
 * const manifest = readManifest(new URL('../phasegate.manifest.json', import.meta.url))
 */
export function readManifest(source: string | URL | BuildManifest): BuildManifest {
  if (typeof source === 'string' || source instanceof URL) {
    const file = source instanceof URL ? fileURLToPath(source) : source
    return checkManifest(parseFile(source, file), file)
  }
  return checkManifest(source, undefined)
}

function parseFile(source: string | URL, file: string): unknown {
  let text: string
  try {
    text = readFileSync(source, 'utf8')
  } catch (error) {
    throw new PhasegateError({
      code: 'MANIFEST.NOT_FOUND',
      message: `The build manifest ${file} cannot be read.`,
      why: messageOf(error),
      next: [
        'phasegate manifest --app <application> --out phasegate.manifest.json   (in the build of the image)',
        'In local development leave `manifest` out: then nothing is required.',
      ],
      where: { file },
      cause: error,
      exit: EXIT.usage,
    })
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalid(`it is not JSON: ${messageOf(error)}`, file, error)
  }
}

function checkManifest(read: unknown, file: string | undefined): BuildManifest {
  if (!isRecord(read)) throw invalid('it is not an object', file)
  if (typeof read.schemaVersion === 'number' && read.schemaVersion > 1) throw newer(read.schemaVersion, file)
  if (read.schemaVersion !== 1) throw invalid('`schemaVersion` is not 1', file)
  for (const key of ['application', 'build', 'createdAt', 'digest'])
    if (typeof read[key] !== 'string' || read[key] === '') throw invalid(`\`${key}\` is not a text`, file)
  if (!Array.isArray(read.migrations)) throw invalid('`migrations` is not a list', file)
  const names = new Set<string>()
  for (const [index, migration] of read.migrations.entries()) {
    const fault = faultOf(migration, names)
    if (fault !== undefined) throw invalid(`migrations[${index}]: ${fault}`, file)
  }
  return read as unknown as BuildManifest
}

/** What is wrong with one migration; adds its name to those seen. */
function faultOf(migration: unknown, names: Set<string>): string | undefined {
  if (!isRecord(migration)) return 'is not an object'
  const { name, phases, appUses, fingerprints } = migration
  if (typeof name !== 'string' || name === '') return '`name` is not a text'
  if (names.has(name)) return `${name} is listed twice`
  names.add(name)
  if (!Array.isArray(phases) || !phases.every((phase) => typeof phase === 'string' && isPhase(phase)))
    return `\`phases\` of ${name} holds something else than expand, backfill and contract`
  if (appUses !== null && !(APP_USES as readonly unknown[]).includes(appUses))
    return `\`appUses\` of ${name} is none of ${APP_USES.join(', ')}, null`
  if (!isRecord(fingerprints) || !Object.values(fingerprints).every((value) => typeof value === 'string'))
    return `\`fingerprints\` of ${name} is not an object of texts`
  return undefined
}

function invalid(fault: string, file: string | undefined, cause?: unknown): PhasegateError {
  return new PhasegateError({
    code: 'MANIFEST.INVALID',
    message: `The build manifest${file === undefined ? '' : ` ${file}`} is not valid: ${fault}.`,
    next: ['Write it anew: phasegate manifest --app <application> --out phasegate.manifest.json'],
    ...(file === undefined ? {} : { where: { file } }),
    ...(cause === undefined ? {} : { cause }),
    exit: EXIT.usage,
  })
}

function newer(version: number, file: string | undefined): PhasegateError {
  return new PhasegateError({
    code: 'MANIFEST.NEWER',
    message: `The build manifest has schema version ${version}; this package reads version 1.`,
    next: ['Use the same version of phasegate (which writes it) and @phasegate/status (which reads it).'],
    ...(file === undefined ? {} : { where: { file } }),
    exit: EXIT.usage,
  })
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

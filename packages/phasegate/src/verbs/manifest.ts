import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { type BuildManifest, EXIT, nearestName, PhasegateError } from '@phasegate/core'
import type { Environment } from '../config/environment.js'
import { readSettings, type SettingsOptions } from '../config/read-settings.js'
import type { Settings } from '../config/settings.js'
import { displayPath } from '../display-path.js'
import { compileAll } from '../load/compile-migrations.js'
import { loadMigrations } from '../load/load-migrations.js'
import { writeNewFile } from '../write-file.js'
import { buildManifest } from './build-manifest.js'

export interface ManifestOptions extends SettingsOptions {
  /** The application that is built. */
  readonly app?: string
  /** Where to write it; not written where this is left out. Replaces what is there. */
  readonly out?: string
  /** A name for the build; default: the commit, from the CI's variables or git. */
  readonly build?: string
}

export interface ManifestResult {
  readonly manifest: BuildManifest
  /** Relative to the working directory; null where it was not written. */
  readonly file: string | null
}

/** Where CI systems say which commit they build. */
const BUILD_VARIABLES = [
  'PHASEGATE_BUILD',
  'GITHUB_SHA',
  'CI_COMMIT_SHA',
  'BUILDKITE_COMMIT',
  'CIRCLE_SHA1',
  'GIT_COMMIT',
]

/**
 * What a build carries, from the files alone. `SOURCE_DATE_EPOCH` (reproducible-builds.org) sets its time.
 *
 * @throws `MANIFEST.APP`, `MANIFEST.BUILD`, `FILE.WRITE`, and what is wrong with the config or a file
 * @example
 * await runManifest({ app: 'api', out: 'phasegate.manifest.json' })
 */
export async function runManifest(options: ManifestOptions): Promise<ManifestResult> {
  const settings = await readSettings(options)
  const environment = options.environment ?? process.env
  const application = applicationOf(options.app, settings)
  const build = await buildName(options.build, environment, settings.cwd)
  const manifest = buildManifest(await compileAll(await loadMigrations(settings), settings), {
    application,
    build,
    createdAt: timeOf(environment),
  })
  if (options.out === undefined) return { manifest, file: null }
  const path = resolve(settings.cwd, options.out)
  await writeNewFile(path, `${JSON.stringify(manifest, null, 2)}\n`, settings.cwd, 'w')
  return { manifest, file: displayPath(settings.cwd, path) }
}

function applicationOf(given: string | undefined, settings: Settings): string {
  const known = settings.applications ?? []
  if (given === undefined || given.trim() === '') {
    if (known.length === 1) return known[0]!
    throw manifestApp(
      'The application is not named.',
      known.length === 0 ? 'phasegate manifest --app api' : `--app is one of: ${known.join(', ')}`,
    )
  }
  if (settings.applications !== undefined && !known.includes(given)) {
    const meant = nearestName(given, known)
    throw manifestApp(
      `The config has no application '${given}'.`,
      meant === undefined ? `Applications are: ${known.join(', ')}` : `Did you mean '${meant}'?`,
    )
  }
  return given
}

async function buildName(given: string | undefined, environment: Environment, cwd: string): Promise<string> {
  const said = [given, ...BUILD_VARIABLES.map((name) => environment[name])].find(
    (name) => name !== undefined && name !== '',
  )
  if (said !== undefined) return said
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd })
    return stdout.trim()
  } catch (cause) {
    throw new PhasegateError({
      code: 'MANIFEST.BUILD',
      message: 'The build has no name.',
      why: 'No variable of a CI names the commit, and this folder is no git checkout.',
      next: ['Give --build <commit or image digest>, or set PHASEGATE_BUILD.'],
      cause,
      exit: EXIT.usage,
    })
  }
}

function timeOf(environment: Environment): string {
  const epoch = environment.SOURCE_DATE_EPOCH
  return (epoch !== undefined && /^\d+$/.test(epoch) ? new Date(Number(epoch) * 1000) : new Date()).toISOString()
}

function manifestApp(message: string, next: string): PhasegateError {
  return new PhasegateError({
    code: 'MANIFEST.APP',
    message,
    why: 'A build is of one application, and what it requires is what that application uses.',
    next: [next],
    exit: EXIT.usage,
  })
}

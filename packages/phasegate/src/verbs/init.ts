import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CONFIG_FILES } from '../config/read-settings.js'
import { displayPath } from '../display-path.js'
import { DIALECT_OF_CLIENT, DIALECTS, dialectTitles } from '../load/dialects.js'
import { whatItSaid } from '../load/source-line.js'
import { createUserModuleLoader } from '../load/user-module.js'
import { writeNewFile } from '../write-file.js'
import { configText } from './init-template.js'

/** Names under which knex looks for its own configuration. */
const KNEXFILES = ['ts', 'mts', 'js', 'mjs', 'cjs'].map((extension) => `knexfile.${extension}`)

export interface InitOptions {
  /** Default `process.cwd()`. */
  readonly cwd?: string
  /** Database roles of the applications. */
  readonly appRoles?: readonly string[]
}

export interface InitResult {
  /** What was written, relative to the working directory; what was there already is left as it is. */
  readonly written: readonly string[]
  readonly kept: readonly string[]
  /** The knexfile that the connection comes from. */
  readonly knexfile: string | null
  /** Commands to run next, in order. */
  readonly next: readonly string[]
  readonly notes: readonly string[]
}

/** The config that is there already, if any. */
export function existingConfig(cwd: string): string | undefined {
  return CONFIG_FILES.find((name) => existsSync(join(cwd, name)))
}

/**
 * Writes `phasegate.config.ts` and the migrations folder. Never overwrites: what is there is kept. Where there is a
 * knexfile the connection is taken from it, by import, so that no password is copied.
 *
 * @throws `FILE.WRITE`
 */
export async function runInit(options: InitOptions = {}): Promise<InitResult> {
  const cwd = resolve(options.cwd ?? process.cwd())
  const knex = await findKnexfile(cwd)
  const written: string[] = []
  const kept: string[] = []
  const config = existingConfig(cwd)
  if (config === undefined) {
    const text = configText({
      knexfile: knex.usable ? knex.file : undefined,
      byEnvironment: knex.byEnvironment,
      appRoles: options.appRoles ?? [],
    })
    await writeNewFile(join(cwd, 'phasegate.config.ts'), text, cwd, 'wx')
    written.push('phasegate.config.ts')
  } else {
    kept.push(config)
  }
  const folder = join(cwd, 'phasegate')
  const place = existsSync(folder) ? kept : written
  // A file in it, because git keeps no empty folder.
  if (place === written) await writeNewFile(join(folder, '.gitkeep'), '', cwd, 'wx')
  else await mkdir(folder, { recursive: true })
  place.push(`${displayPath(cwd, folder)}/`)
  return {
    written,
    kept,
    knexfile: knex.file ?? null,
    next: [
      ...(knex.file === undefined ? [] : ['npx knex migrate:latest']),
      'npx phasegate new <slug>',
      'npx phasegate check',
      'npx phasegate expand',
    ],
    notes: knex.notes,
  }
}

interface Knexfile {
  readonly file: string | undefined
  /** Its connection is one that this version can use. */
  readonly usable: boolean
  readonly byEnvironment: boolean
  readonly notes: readonly string[]
}

async function findKnexfile(cwd: string): Promise<Knexfile> {
  const file = KNEXFILES.find((name) => existsSync(join(cwd, name)))
  if (file === undefined) return { file, usable: false, byEnvironment: false, notes: [] }
  let exported: unknown
  try {
    exported = await createUserModuleLoader(cwd).load(join(cwd, file))
  } catch (error) {
    // Not ours to judge: knex users run it their way. The config is written without it, and the reason is told.
    return { file, usable: false, byEnvironment: false, notes: [`${file} could not be read: ${whatItSaid(error)}`] }
  }
  if (typeof exported !== 'object' || exported === null) {
    return { file, usable: false, byEnvironment: false, notes: [`${file} does not export a configuration`] }
  }
  const direct = 'client' in exported || 'connection' in exported
  const configs: readonly unknown[] = direct ? [exported] : Object.values(exported)
  const clients = configs.flatMap((config) =>
    typeof config === 'object' && config !== null && 'client' in config ? [String(config.client)] : [],
  )
  const usable = clients.some((client) => Object.hasOwn(DIALECTS, DIALECT_OF_CLIENT[client] ?? ''))
  const notes = usable
    ? []
    : [`${file} is for ${clients.join(', ') || 'no client'}; Phasegate speaks ${dialectTitles()}`]
  return { file, usable, byEnvironment: !direct, notes }
}

import { accessSync, constants, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { types } from 'node:util'
import type { Jiti } from 'jiti'

/** Loads files that users write: TypeScript or JavaScript, ES modules or CommonJS, without a build. */
export interface UserModuleLoader {
  /** The default export (CommonJS: `module.exports`); undefined where there is none. Rethrows what the file throws. */
  load(file: string): Promise<unknown>
}

/**
 * `phasegate` inside those files is this running package, never a second copy, and it is there in an empty folder under
 * `npx phasegate` too.
 *
 * @param directory whose `node_modules` may keep the cache of compiled files
 */
export function createUserModuleLoader(directory: string): UserModuleLoader {
  let jiti: Promise<Jiti> | undefined
  return {
    async load(file) {
      jiti ??= start(directory)
      return defaultExport(await (await jiti).import(file))
    },
  }
}

async function start(directory: string): Promise<Jiti> {
  const [{ createJiti }, phasegate] = await Promise.all([import('jiti'), import('../index.js')])
  return createJiti(join(directory, '/'), {
    fsCache: cacheFolder(directory) ?? false,
    interopDefault: false,
    virtualModules: { phasegate: { ...phasegate, __esModule: true } },
  })
}

/**
 * Where compiled files may be kept: beside the project's dependencies, else in the user's own cache, else nowhere. Never
 * in a shared temporary folder, where another user could put code that we would run.
 */
function cacheFolder(directory: string): string | undefined {
  const candidates = [
    { parent: join(directory, 'node_modules'), cache: join(directory, 'node_modules', '.cache', 'phasegate') },
    { parent: homedir(), cache: join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'phasegate') },
  ]
  return candidates.find(({ parent, cache }) => isWritable(parent) && canMake(cache))?.cache
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false // Missing or read-only: the next candidate; without any, files are compiled anew each time.
  }
}

function canMake(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true })
    return isWritable(folder)
  } catch {
    return false // As above.
  }
}

function defaultExport(module: unknown): unknown {
  if (typeof module !== 'object' || module === null) return module
  if ('default' in module) return module.default
  if (types.isModuleNamespaceObject(module) || '__esModule' in module) return undefined
  // What a file without any export leaves behind once it is compiled to CommonJS.
  return Object.keys(module).length === 0 ? undefined : module
}

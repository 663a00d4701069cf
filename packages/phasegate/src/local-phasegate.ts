import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** Set for the rest of this process once a bin has handed over, so that two can never call each other in a circle. */
const HANDED_OVER = Symbol.for('phasegate.handedOver')

/**
 * Runs the bin of the `phasegate` that is installed where we are, if that is another one than this.
 *
 * @param self `import.meta.url` of the running bin
 * @returns true where it did, and has done all there is to do
 */
export async function enterLocal(self: string): Promise<boolean> {
  if (HANDED_OVER in globalThis) return false
  const bin = localBin(process.cwd())
  if (bin === undefined || bin === realpathSync(fileURLToPath(self))) return false
  Object.defineProperty(globalThis, HANDED_OVER, { value: bin })
  await import(pathToFileURL(bin).href)
  return true
}

/** The bin beside the `phasegate` that an import from this folder would get. */
export function localBin(cwd: string): string | undefined {
  try {
    const index = createRequire(join(cwd, 'index.js')).resolve('phasegate')
    const bin = join(dirname(index), 'bin.js')
    return existsSync(bin) ? realpathSync(bin) : undefined
  } catch {
    return undefined // Not installed here: `npx phasegate`, a global install.
  }
}

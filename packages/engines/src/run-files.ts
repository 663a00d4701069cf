import { chmod, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'

/**
 * The files of one run, in a directory that only its user may enter: credentials, socket, flags, and what the tool writes.
 * The path is short, since that of a Unix socket has at most 104 characters on macOS.
 */
export interface RunFiles {
  readonly directory: string
  path(name: string): string
  /** Mode 0600 from its first byte on. */
  write(name: string, text: string): Promise<void>
  /** Undefined: there is no such file. */
  read(name: string): Promise<string | undefined>
  exists(name: string): Promise<boolean>
  remove(name: string): Promise<void>
  /** Marks all of them as used now: what cleans up a temporary folder by age would take away the flag that holds a swap. */
  keep(): Promise<void>
}

const PRIVATE_DIRECTORY = 0o700
const PRIVATE_FILE = 0o600

/** Makes the directory where it is not there, and its own alone. */
export async function openRunFiles(directory: string): Promise<RunFiles> {
  await mkdir(directory, { recursive: true, mode: PRIVATE_DIRECTORY })
  await chmod(directory, PRIVATE_DIRECTORY)
  return runFiles(directory)
}

/** As they stand, wherever they are or are not. */
export function runFiles(directory: string): RunFiles {
  const at = (name: string): string => path.join(directory, name)
  return {
    directory,
    path: at,
    write: async (name, text) => {
      await rm(at(name), { force: true })
      await writeFile(at(name), text, { mode: PRIVATE_FILE, flag: 'wx' })
    },
    read: (name) => readFile(at(name), 'utf8').catch(absent),
    exists: async (name) => (await stat(at(name)).catch(absent)) !== undefined,
    remove: (name) => rm(at(name), { force: true }),
    keep: async () => {
      const now = new Date()
      for (const name of await readdir(directory).catch(() => [])) await utimes(at(name), now, now).catch(() => {})
    },
  }
}

export function removeRunFiles(directory: string): Promise<void> {
  return rm(directory, { recursive: true, force: true })
}

function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
    return undefined
  throw error
}

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { EXIT, PhasegateError } from '@phasegate/core'
import { displayPath } from './display-path.js'

/**
 * Writes a file and the folders above it.
 *
 * @param flag `wx` never overwrites
 * @throws `FILE.EXISTS`, `FILE.WRITE`
 */
export async function writeNewFile(path: string, text: string, cwd: string, flag: 'w' | 'wx'): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text, { flag })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
    if (code === undefined) throw error
    throw code === 'EEXIST' ? fileExists(displayPath(cwd, path)) : fileWrite(displayPath(cwd, path), code, error)
  }
}

function fileExists(file: string): PhasegateError {
  return new PhasegateError({
    code: 'FILE.EXISTS',
    message: `${file} is there already, and nothing is overwritten.`,
    where: { file },
    next: ['Remove or rename it first if you want a new one.'],
    exit: EXIT.usage,
  })
}

function fileWrite(file: string, code: string, cause: unknown): PhasegateError {
  const why: Readonly<Record<string, string>> = {
    EACCES: 'permission denied',
    EROFS: 'the file system is read-only',
    ENOSPC: 'the disk is full',
    ENOTDIR: 'a part of its path is a file',
    EISDIR: 'it is a folder',
  }
  return new PhasegateError({
    code: 'FILE.WRITE',
    message: `${file} cannot be written: ${why[code] ?? code}.`,
    where: { file },
    next: ['Make the place writable, or choose another one.'],
    cause,
    exit: EXIT.usage,
  })
}

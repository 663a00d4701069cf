import { access, constants, readdir } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import type { Tool, ToolSettings } from '../engine.js'
import { missingTool, tooOld } from '../engine-errors.js'

/** The first that knows PostgreSQL 14, which is the oldest that Phasegate works on. */
const OLDEST = [1, 4, 7] as const
/** The owner of a table may run it, without being a superuser (its #431). */
const OWNERS = [1, 5, 2] as const

/** The owner of a table may run it. */
export const OWNER_MAY = 'owner may run it'

/** Where Debian and the PostgreSQL Global Development Group's RPMs put it: one for each major version. */
const PLACES = [
  { folder: '/usr/lib/postgresql', bin: 'bin/pg_repack' },
  { folder: '/usr', bin: 'bin/pg_repack', begins: 'pgsql-' },
] as const

/** ms; it only prints. */
const PATIENCE = 30_000

/** @throws `ENGINE.MISSING`, `ENGINE.TOO_OLD` */
export async function probe({ path: given }: ToolSettings): Promise<Tool> {
  const found = given ?? (await onPath()) ?? (await newestInstalled())
  if (found === undefined) throw missingTool('pg_repack', 'neither on PATH nor in /usr/lib/postgresql/*/bin')
  const { stdout, exitCode, originalMessage } = await execa(found, ['--version'], {
    ...{ reject: false, timeout: PATIENCE, stdin: 'ignore' },
  })
  const version = /^pg_repack (\d+\.\d+\.\d+\S*)/m.exec(stdout)?.[1]
  if (exitCode !== 0 || version === undefined) {
    const how = exitCode === undefined ? `does not run: ${originalMessage}` : `ended with ${exitCode}`
    throw missingTool('pg_repack', `${found} --version ${how}`)
  }
  if (!atLeast(version, OLDEST)) throw tooOld('pg_repack', version, `PostgreSQL 14 takes ${OLDEST.join('.')} or newer`)
  return { path: found, version, features: new Set(atLeast(version, OWNERS) ? [OWNER_MAY] : []) }
}

async function onPath(): Promise<string | undefined> {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '')
  for (const folder of folders)
    if (await isProgram(path.join(folder, 'pg_repack'))) return path.join(folder, 'pg_repack')
  return undefined
}

async function newestInstalled(): Promise<string | undefined> {
  const found: { readonly file: string; readonly major: number }[] = []
  for (const { folder, bin, ...place } of PLACES) {
    const begins = 'begins' in place ? place.begins : ''
    for (const name of await readdir(folder).catch(() => [])) {
      const file = path.join(folder, name, bin)
      const major = name.startsWith(begins) ? Number(name.slice(begins.length)) : Number.NaN
      if (Number.isFinite(major) && (await isProgram(file))) found.push({ file, major })
    }
  }
  return found.sort((a, b) => b.major - a.major)[0]?.file
}

async function isProgram(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}

function atLeast(version: string, oldest: readonly number[]): boolean {
  const numbers = version.split('.').map((part) => Number.parseInt(part, 10))
  const first = oldest.findIndex((number, at) => numbers[at] !== number)
  return first === -1 || numbers[first]! > oldest[first]!
}

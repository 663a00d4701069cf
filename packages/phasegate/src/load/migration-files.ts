import { readdirSync } from 'node:fs'
import { extname, join } from 'node:path'
import { configMigrationsFolder } from '../config/config-errors.js'
import { displayPath } from '../display-path.js'
import { MIGRATION_EXTENSIONS } from './migration-name.js'

/** A file that claims to be a migration; its name is not checked yet. */
export interface MigrationFile {
  readonly name: string
  readonly extension: (typeof MIGRATION_EXTENSIONS)[number]
  /** Absolute path. */
  readonly path: string
  /** As messages name it. */
  readonly shown: string
}

/**
 * The migration files of a folder by name. `.d.ts`, maps, dotfiles, folders and what begins with `_` are ignored; any
 * other extension is a note.
 *
 * @throws `CONFIG.MIGRATIONS_FOLDER` where the folder is missing or cannot be read
 */
export function listMigrationFiles(
  folder: string,
  cwd: string,
): { files: readonly MigrationFile[]; notes: readonly string[] } {
  const files: MigrationFile[] = []
  const notes: string[] = []
  for (const entry of readFolder(folder, cwd)) {
    if (entry.isDirectory() || /^[._]/.test(entry.name) || /\.d\.[cm]?ts$|\.map$/.test(entry.name)) continue
    const path = join(folder, entry.name)
    const found = extname(entry.name)
    const extension = MIGRATION_EXTENSIONS.find((known) => known === found)
    if (extension === undefined)
      notes.push(`${displayPath(cwd, path)} is not a migration: migrations end in ${MIGRATION_EXTENSIONS.join(', ')}`)
    else files.push({ name: entry.name.slice(0, -extension.length), extension, path, shown: displayPath(cwd, path) })
  }
  // By code unit, the same on every machine; a locale would order by language.
  files.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  return { files, notes }
}

function readFolder(folder: string, cwd: string): ReturnType<typeof entriesOf> {
  try {
    return entriesOf(folder)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    const why: Readonly<Record<string, string>> = {
      ENOENT: 'it does not exist',
      ENOTDIR: 'it is a file',
      EACCES: 'permission denied',
    }
    throw configMigrationsFolder(displayPath(cwd, folder), why[code] ?? code)
  }
}

function entriesOf(folder: string) {
  return readdirSync(folder, { withFileTypes: true })
}

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { MysqlFamily } from './mysql-sources.mjs'

/** Where `npm test -- --install` puts the newer one, which MySQL 8.4 and later want; Debian 12 has 3.2.1. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/opt/percona-toolkit-3.7/bin']

export const HOW_TO_GET_PT_OSC: Readonly<Record<MysqlFamily, string>> = {
  mariadb: 'apt-get install percona-toolkit (npm test -- --install does it)',
  mysql:
    'percona-toolkit 3.7 or newer on PATH or in /opt/percona-toolkit-3.7/bin (npm test -- --install gets it from Debian unstable)',
}

/** A pt-online-schema-change that works on the servers of this family; undefined: there is none. */
export function findPtOsc(family: MysqlFamily): string | undefined {
  const files = FOLDERS.map((folder) => join(folder, 'pt-online-schema-change')).filter((file) => existsSync(file))
  return files.find((file) => family === 'mariadb' || isNewer(file))
}

/** Moves foreign keys to its copy before it swaps (from 3.4 on). */
export const movesKeysFirst = (file: string): boolean => isNewer(file, 4)

function isNewer(file: string, least = 7): boolean {
  try {
    const [, major, minor] = / (\d+)\.(\d+)\./.exec(execFileSync(file, ['--version'], { encoding: 'utf8' })) ?? []
    return Number(major) > 3 || (Number(major) === 3 && Number(minor) >= least)
  } catch {
    // Perl, or a module of it, is missing.
    return false
  }
}

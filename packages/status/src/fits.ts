import type { BuildManifest } from '@phasegate/core'
import { readManifest } from './manifest/read-manifest.js'
import { type Database, journalOf } from './poll/database.js'
import type { Dialect } from './poll/journal-ways.js'
import { type Fit, judgeFit } from './verdict/judge-fit.js'

export interface FitsOptions {
  /** As `createStatus` takes it. Only read from. */
  readonly database: Database
  /** What a query function leads to; default `postgres`. */
  readonly dialect?: Dialect | undefined
  /** The build that is to run: what `phasegate manifest` wrote, as a path, a `file:` URL or the object. */
  readonly manifest: string | URL | BuildManifest
  /** ms that each of the two statements may take; default 5000. */
  readonly timeout?: number | undefined
}

/**
 * May this build run on this database now? Asked before a rollback, by whatever carries it out.
 *
 * @throws `MANIFEST.NOT_FOUND`, `MANIFEST.INVALID`, `MANIFEST.NEWER`, `STATUS.DATABASE`, `JOURNAL.FORBIDDEN`,
 *   `JOURNAL.NEWER`, `JOURNAL.DAMAGED`, and what the client throws where the database is out of reach
 * @example
 * const fit = await fits({ database: pool, manifest: 'old/phasegate.manifest.json' })
 * if (!fit.fits) throw new Error(`${fit.reason}; this one may: ${fit.newestFitting?.build}`)
 */
export async function fits({ database, dialect, manifest, timeout = 5_000 }: FitsOptions): Promise<Fit> {
  const build = readManifest(manifest)
  const journal = journalOf(database, { timeout, dialect })
  const snapshot = await journal.read({})
  return judgeFit(build, snapshot, snapshot.exists ? await journal.manifests(build.application) : [])
}

import { createRequire } from 'node:module'
import type { Project } from '../support/project.js'
import type { AnyDatabase } from '../support/servers.js'
import { environment } from './verbs.js'

type Library = typeof import('phasegate/run')

/**
 * `phasegate/run` as an application loads it. By require, because vitest would make a second instance of everything for
 * what is imported: what a project's own files import is then not the same thing.
 */
export const library = createRequire(import.meta.url)('phasegate/run') as Library

export interface LibraryOptions {
  readonly cwd: string
  readonly environment: Readonly<Record<string, string>>
}

/** What every verb takes, for this project on this database. */
export function inProcess(
  project: Pick<Project, 'dir'>,
  db: Pick<AnyDatabase, 'url'>,
  more: Readonly<Record<string, string>> = {},
): LibraryOptions {
  return { cwd: project.dir, environment: environment(db, more) }
}

/** The code of the coded error that this throws; fails where it throws none. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof Error && 'code' in error) return String(error.code)
  throw error ?? new Error('it was expected to throw, and did not')
}

interface LaneAnswer {
  readonly exit: number
  readonly units: readonly unknown[]
}

/** Throws with everything that a lane said where it did not end well. */
export async function applied<T extends LaneAnswer>(work: Promise<T>): Promise<T> {
  const result = await work
  if (result.exit !== 0) throw new Error(`exit ${result.exit}: ${JSON.stringify(result.units, null, 2)}`)
  return result
}

import type { Cleanup } from '../cleanup.js'

/**
 * Starts a server with an empty database on a free port; `cleanup` stops it.
 *
 * @param dir an empty directory for all that it writes, deleted afterwards
 * @returns the database's URL
 */
export type ServerStart = (dir: string, database: string, cleanup: Cleanup) => Promise<string>

/** There is no such server here; the message says how to get one. */
export class NoServer extends Error {}

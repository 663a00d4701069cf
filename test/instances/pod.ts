import type { BuildManifest, Logger } from '@phasegate/core'
import { createStatus, type Database, type Status, type StatusOptions } from '@phasegate/status'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import type { AnyDatabase } from '../support/servers.js'

/** What a pool of the database's own driver needs to be, to be told apart. */
interface Pool {
  readonly client: Database
  query(sql: string, values?: unknown[]): Promise<unknown>
  end(): Promise<void>
}

export function openPool({ family, url }: Pick<AnyDatabase, 'family' | 'url'>): Pool {
  if (family === 'postgres') {
    const pool = new pg.Pool({ connectionString: url, max: 1 })
    pool.on('error', () => {})
    return { client: pool, query: (sql, values) => pool.query(sql, values), end: () => pool.end() }
  }
  const pool = mysql.createPool({ uri: url, connectionLimit: 1 })
  return { client: pool, query: (sql, values) => pool.query(sql, values), end: () => pool.end() }
}

export interface Pod extends Status {
  /** It ends as a pod does that is told to: draining, then gone. */
  stop(): Promise<void>
  /** It ends as one does whose machine loses its power: nobody hears of it. */
  die(): Promise<void>
}

const quiet: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** A process of a build that registers, with a pool of its own; polls five times a second. */
export function startPod(
  database: Pick<AnyDatabase, 'family' | 'url'>,
  manifest: BuildManifest,
  options: Partial<StatusOptions> = {},
): Pod {
  const pool = openPool(database)
  const status = createStatus({
    database: pool.client,
    manifest,
    logger: quiet,
    pollInterval: 200,
    instance: 'pod-1',
    ...options,
  })
  status.register()
  let ended: Promise<void> | undefined
  const end = (work: () => Promise<void>): Promise<void> => (ended ??= work().then(() => pool.end()))
  const pod: Pod = {
    ...status,
    stop: () =>
      end(async () => {
        status.drain()
        await status.close()
      }),
    // The pool goes first, so that its last word cannot be said.
    die: () => {
      ended ??= pool.end().then(() => status.close())
      return ended
    },
  }
  onTestFinished(() => pod.stop())
  return pod
}

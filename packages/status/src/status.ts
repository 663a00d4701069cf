import type { BuildManifest, Clock, Logger } from '@phasegate/core'
import type { KnownMigration } from './document/describe-migrations.js'
import type { StatusDocument } from './document/status-document.js'
import type { FastifyPlugin } from './http/fastify-plugin.js'
import type { ExpressHandlers, HttpHandlers } from './http/node-handlers.js'
import type { Metric } from './metrics/metric.js'
import type { Database } from './poll/database.js'
import type { Dialect } from './poll/journal-ways.js'

export interface StatusOptions {
  /**
   * A knex instance, a pg.Pool, a pool or connection of mysql2, or a function that runs one statement without parameters.
   * Only read from, but for what `register` stores.
   */
  readonly database: Database
  /** What a query function leads to; default `postgres`. A client says it itself. */
  readonly dialect?: Dialect | undefined
  /** What `phasegate manifest` wrote, as a path, a `file:` URL or the object. Without it nothing is required. */
  readonly manifest?: string | URL | BuildManifest | undefined
  /** Migrations of the files, for a process that has them: those that the journal does not know yet are listed as pending. */
  readonly migrations?: readonly KnownMigration[] | undefined
  /** Object first, like pino. Default: warnings and errors go to the console. */
  readonly logger?: Logger | undefined
  /** Name of this process in the document; default: the host name, which in Kubernetes is the pod's. */
  readonly instance?: string | undefined
  /**
   * ms between two polls, a quarter more or less: `waiting` until the process was ready once (default 10000), `ready`
   * from then on (default 60000). One number stands for both.
   */
  readonly pollInterval?: number | { readonly waiting?: number; readonly ready?: number } | undefined
  /** ms after which a poll is given up; default 5000. */
  readonly timeout?: number | undefined
  /**
   * What a process that was ready does when a contract takes away what it uses: `warn` (default) goes on serving and logs
   * an error, since turning every process away is worse than some failing requests; `unready` turns it away.
   */
  readonly onIncompatible?: 'warn' | 'unready' | undefined
  /** For tests: time and chance. */
  readonly clock?: Pick<Clock, 'now' | 'random'> | undefined
}

export interface RegisterOptions {
  /**
   * A connection that leads to the primary, where `database` leads to one that only reads. It then does the polling too, so
   * that what is read is never older than the heartbeat.
   */
  readonly writable?: Database | undefined
}

export interface Status {
  /**
   * From now on each poll is also the heartbeat of this process, by which contracts know that its build runs. Call it right
   * after `createStatus`: it is not ready before its first heartbeat is stored. Without a build manifest there is nothing to
   * report, which is logged. A second call changes nothing.
   *
   * @throws `STATUS.DATABASE` for a `writable` that is no client
   * @example
   * const status = createStatus({ database: pool, manifest: 'phasegate.manifest.json' })
   * status.register()
   * process.once('SIGTERM', async () => {
   *   status.drain()
   *   await server.close()
   *   await status.close()
   *   await pool.end()
   * })
   */
  register(options?: RegisterOptions): void
  /** Answers from memory: may this process get traffic? */
  ready(): boolean
  /** The document, from memory. */
  migrationStatus(): StatusDocument
  /**
   * How many required units keep this process from being ready: 0 once it is. Waits for the first poll.
   *
   * @throws `STATUS.NOT_READY` where it is not ready for another reason: unknown, incompatible, draining.
   */
  getMigrationStatus(): Promise<number>
  /** The document as numbers, from memory: for `observeMetrics`, or a registry of your own. */
  metrics(): readonly Metric[]
  /** Reads the journal now; resolves to the document, also when that failed. */
  refresh(): Promise<StatusDocument>
  /** Calls back whenever status, verdict or reason change; returns what ends that. */
  onChange(listener: (document: StatusDocument) => void): () => void
  /** From now on not ready: call it on SIGTERM, before the server closes. */
  drain(): void
  /** Says that this process cannot recover by itself: `/health/live` answers 503 from now on. */
  unrecoverable(reason: string): void
  /**
   * Ends polling, and says that a registered process has ended: await it before the pool is closed. Never rejects, and takes
   * no longer than twice `timeout`; what could not be said ends with its heartbeat. The client stays open.
   */
  close(): Promise<void>
  readonly http: HttpHandlers
  readonly express: ExpressHandlers
  readonly fastify: FastifyPlugin
}

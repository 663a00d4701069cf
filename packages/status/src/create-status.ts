import { hostname } from 'node:os'
import { type ErrorEnvelope, HEARTBEAT_INTERVALS, type JournalSnapshot, systemClock } from '@phasegate/core'
import { buildDocument, databaseNow } from './document/build-document.js'
import { documentJson } from './document/document-json.js'
import type { StatusDocument } from './document/status-document.js'
import { createFastifyPlugin } from './http/fastify-plugin.js'
import { createNodeHandlers } from './http/node-handlers.js'
import {
  type Answer,
  gatePage,
  jsonAnswer,
  livePage,
  metricsPage,
  type Pages,
  readyPage,
  startupPage,
  unitPage,
} from './http/respond.js'
import { readManifest } from './manifest/read-manifest.js'
import { documentMetrics } from './metrics/document-metrics.js'
import { type Metric, sample } from './metrics/metric.js'
import { type AppJournal, journalOf } from './poll/database.js'
import { createPoller, withTimeout } from './poll/poller.js'
import { consoleLogger, createReporter } from './report-changes.js'
import type { RegisterOptions, Status, StatusOptions } from './status.js'
import { badInterval, describe, envelopeOf, notReady } from './status-errors.js'
import { isGood, isReady, type Standing } from './verdict/standing.js'

/** A process that is ready reads the whole journal at least each so many polls. */
const READ_EVERY = 30

/**
 * Starts to follow the journal. Never throws into the application after this call: what goes wrong later is in the
 * document and in the log.
 *
 * @throws `MANIFEST.NOT_FOUND`, `MANIFEST.INVALID`, `MANIFEST.NEWER`, `STATUS.DATABASE`
 * @example
 * const status = createStatus({ database: knex, manifest: 'phasegate.manifest.json' })
 * app.get('/health/ready', status.express.ready)
 */
export function createStatus(options: StatusOptions): Status {
  const { timeout = 5_000, onIncompatible = 'warn', logger = consoleLogger, clock = systemClock } = options
  const instance = options.instance ?? hostname()
  const manifest = options.manifest === undefined ? undefined : readManifest(options.manifest)
  const interval = intervals(options.pollInterval)
  let journal: AppJournal = journalOf(options.database, { timeout, dialect: options.dialect })
  const report = createReporter(logger, clock.now)
  const listeners = new Set<(document: StatusDocument) => void>()
  if (manifest === undefined) logger.warn({}, 'phasegate: no build manifest was given, so nothing is required')

  let snapshot: JournalSnapshot | undefined
  let readAt = 0
  let error: ErrorEnvelope | null = null
  let attempted = false
  let standing: Standing = { latched: false, draining: false, heartbeat: 'none', onIncompatible }
  let id: string | undefined
  let glances = 1
  let closing: Promise<void> | undefined
  let unrecoverable: string | undefined

  const currentInterval = (): number => (standing.latched ? interval.ready : interval.waiting)
  const retryAfter = (): number => Math.max(1, Math.ceil(currentInterval() / 1000))
  const ageMs = (): number => clock.now() - readAt
  const makeDocument = (): StatusDocument => {
    const stale = snapshot !== undefined && (error !== null || ageMs() > 3 * currentInterval())
    return buildDocument({
      manifest,
      migrations: options.migrations,
      snapshot,
      instance,
      ageMs: ageMs(),
      stale,
      error,
      standing,
    })
  }

  let document = makeDocument()
  let pages = makePages()

  function makePages(): Pages {
    let madeAt = Number.NEGATIVE_INFINITY
    let page: Answer | undefined
    return {
      live: livePage(unrecoverable),
      startup: startupPage(attempted),
      ready: readyPage(document, isReady(document.verdict, standing)),
      // At most one a second is written, however often it is asked for.
      status: () => {
        if (page === undefined || clock.now() - madeAt > 1000) {
          madeAt = clock.now()
          page = jsonAnswer(200, documentJson(makeDocument()))
        }
        return page
      },
      metrics: () => metricsPage(metrics()),
      unit: (unit) => unitPage(unit, snapshot, retryAfter()),
      gate: (unit) =>
        gatePage(unit, snapshot, snapshot === undefined ? 0 : databaseNow(snapshot, ageMs()), retryAfter()),
    }
  }

  /** Where there is no journal yet there is nothing that a contract could ask. */
  function readPoll(): Promise<JournalSnapshot> {
    const reading = { lookFirst: snapshot?.exists === false }
    if (manifest === undefined || id === undefined) return journal.read(reading)
    const lifetime = HEARTBEAT_INTERVALS * Math.max(interval.waiting, interval.ready)
    const { digest, application } = manifest
    const heartbeat = { id, digest, lifetime, draining: standing.draining }
    // Who is not ready yet reads all of it each time; who is, when it has changed, and now and then whatever it says.
    const known = standing.latched && error === null && glances++ % READ_EVERY !== 0 ? snapshot : undefined
    const build = { digest, application, manifest: () => JSON.stringify(manifest) }
    return journal.report(heartbeat, build, { ...reading, known })
  }

  function metrics(): readonly Metric[] {
    const now = makeDocument()
    const ready = sample(isReady(now.verdict, standing) ? 1 : 0)
    return [
      { name: 'phasegate_ready', help: '1 while this process may get traffic.', type: 'gauge', samples: [ready] },
      ...documentMetrics(now),
    ]
  }

  function update(): void {
    const before = document
    document = makeDocument()
    if (!standing.latched && isGood(document.verdict) && standing.heartbeat !== 'waiting') {
      standing = { ...standing, latched: true }
      document = makeDocument()
    }
    pages = makePages()
    if (attempted) report(document, standing.latched)
    const told = ({ status, verdict, reason, draining }: StatusDocument): string =>
      JSON.stringify([status, verdict, reason, draining])
    if (told(before) !== told(document)) for (const listener of listeners) notify(listener)
  }

  function register({ writable }: RegisterOptions = {}): void {
    if (id !== undefined || closing !== undefined) return
    if (manifest === undefined) {
      logger.warn({}, 'phasegate: without a build manifest there is nothing to register')
      return
    }
    if (writable !== undefined) journal = journalOf(writable, { timeout, dialect: options.dialect })
    // The name is for people; the rest keeps two processes of one name apart.
    id = `${instance.slice(0, 200)}/${globalThis.crypto.randomUUID()}`
    standing = { ...standing, heartbeat: 'waiting' }
    update()
    void poller.pollAgain()
  }

  async function leave(): Promise<void> {
    await poller.close()
    if (id === undefined) return
    try {
      await withTimeout(journal.leave(id), timeout)
    } catch (thrown) {
      logger.warn(
        { error: describe(thrown) },
        'phasegate: could not say that this process has ended; its heartbeat will',
      )
    }
  }

  function notify(listener: (document: StatusDocument) => void): void {
    try {
      listener(document)
    } catch (thrown) {
      logger.error({ error: String(thrown) }, 'phasegate: a listener of onChange threw')
    }
  }

  const poller = createPoller({
    read: readPoll,
    onRead: (read) => {
      if (standing.heartbeat === 'waiting' && (read.stored === true || !read.exists))
        standing = { ...standing, heartbeat: 'stored' }
      snapshot = read
      readAt = clock.now()
      error = null
      attempted = true
      update()
    },
    onError: (thrown) => {
      error = envelopeOf(thrown)
      attempted = true
      update()
    },
    interval: currentInterval,
    timeout,
    clock,
  })
  // So that `register`, called right after this, is part of the first poll.
  queueMicrotask(poller.start)

  return {
    register,
    ready: () => isReady(document.verdict, standing),
    migrationStatus: makeDocument,
    metrics,
    getMigrationStatus: async () => {
      if (!attempted) await poller.poll()
      if (isReady(document.verdict, standing)) return 0
      if (document.missing.length > 0 && document.verdict === 'behind' && !standing.draining)
        return document.missing.length
      throw notReady(document)
    },
    refresh: async () => {
      await poller.poll()
      return makeDocument()
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    drain: () => {
      standing = { ...standing, draining: true }
      update()
      if (id !== undefined) void poller.pollAgain()
    },
    unrecoverable: (reason) => {
      unrecoverable = reason
      update()
    },
    close: () => (closing ??= leave()),
    ...createNodeHandlers(() => pages),
    fastify: createFastifyPlugin(() => pages),
  }
}

function intervals(given: StatusOptions['pollInterval']): { readonly waiting: number; readonly ready: number } {
  const { waiting = 10_000, ready = 60_000 } =
    typeof given === 'number' ? { waiting: given, ready: given } : (given ?? {})
  for (const ms of [waiting, ready]) if (!(ms >= 10 && ms <= 2 ** 30)) throw badInterval(ms)
  return { waiting, ready }
}

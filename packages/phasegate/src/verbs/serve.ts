import {
  type Emit,
  type Logger,
  type Session,
  systemClock,
  type Target,
  type UnitName,
  unitName,
} from '@phasegate/core'
import { createStatus, type Dialect } from '@phasegate/status'
import { requireDatabase } from '../config/read-settings.js'
import type { Settings } from '../config/settings.js'
import { startServer } from '../http/start-server.js'
import { dialectOf } from '../load/dialect-of.js'
import { unitMissing } from '../load/load-errors.js'
import { resolveUnit } from '../load/resolve-unit.js'
import { handleRequest } from '../serve/handle-request.js'
import { onceAtATime } from '../serve/once-at-a-time.js'
import { serveAddress } from '../serve/serve-errors.js'
import { readTokens } from '../serve/tokens.js'
import { connectRunner, loadRunner, type TargetOptions } from '../target/open-runner.js'
import { askGatesOf, type GateAnswerOfUnit } from './gate.js'
import { knownMigrations } from './status.js'

export interface ServeOptions extends TargetOptions {
  /** Ends it; without one it never ends. */
  readonly signal?: AbortSignal
  /** File with the tokens of those who may approve, pause and resume; see `readTokens`. */
  readonly tokenFile?: string
  /** Called with the address when it listens. */
  readonly onListening?: (url: string) => void
}

/** What happens is in the document. */
const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
/** ms between two reads of the journal; pages are answered from memory. */
const POLL = 2000
/** ms for which an answer of a gate is given to whoever asks next. */
const GATE_FRESH = 5000
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Answers over HTTP what `status` and `gate` print, metrics and health, until `signal` is aborted. With tokens also takes
 * approvals, `pause` and `resume`. A database that is away does not end it.
 *
 * @throws what is wrong with settings or files, `SERVE.ADDRESS`, `SERVE.TOKENS`
 * @example
 * await runServe({ signal, onListening: (url) => console.log(url) })
 */
export async function runServe(options: ServeOptions = {}): Promise<void> {
  const signal = options.signal ?? new AbortController().signal
  const emit: Emit = options.emit ?? (() => {})
  const runner = await loadRunner(options)
  const { settings } = runner
  const tokens = readTokens(options.tokenFile, options.environment ?? process.env)
  const journal = journalQuery(settings)
  const migrations = await knownMigrations(settings)
  const status = createStatus({
    database: journal.query,
    dialect: settings.dialect as Dialect,
    ...(migrations === undefined ? {} : { migrations }),
    pollInterval: POLL,
    logger: SILENT,
  })
  const askOnce = onceAtATime(
    (unit: UnitName) => connectRunner(runner, options, async (open) => named(unit, await askGatesOf(open, unit))),
    GATE_FRESH,
    systemClock.now,
  )
  const names = runner.loaded.map(({ name }) => name)
  // What no file has is refused before the database is asked, and one unit is one question by whatever name.
  const askGate = async (unit: string): Promise<GateAnswerOfUnit> => askOnce(unitName(resolveUnit(unit, names)))
  const { host, port } = settings.serve
  const request = {
    status,
    askGate,
    tokens,
    target: options,
    hosts: LOOPBACK.has(host) ? LOOPBACK : undefined,
    emit,
  }
  const server = await startServer((incoming, response) => void handleRequest(request, incoming, response), {
    host,
    port,
    unavailable: (cause) => serveAddress(host, port, cause),
  }).catch(async (error: unknown) => {
    status.close()
    await journal.close()
    throw error
  })
  emit({ type: 'serve.started', url: server.url, readOnly: !tokens.any })
  options.onListening?.(server.url)
  await aborted(signal)
  status.drain()
  await server.close()
  status.close()
  await journal.close()
}

function named(unit: UnitName, [answer]: readonly GateAnswerOfUnit[]): GateAnswerOfUnit {
  if (answer === undefined) throw unitMissing(unit)
  return answer
}

/** One statement at a time on a session of its own, which is opened anew after whatever went wrong. */
function journalQuery(settings: Settings): { query: (sql: string) => Promise<unknown>; close: () => Promise<void> } {
  let target: Promise<Target> | undefined
  let session: Promise<Session> | undefined
  const close = async (): Promise<void> => {
    const [oldSession, oldTarget] = [session, target]
    session = undefined
    target = undefined
    await oldSession?.then((one) => one.close()).catch(() => {})
    await oldTarget?.then((one) => one.close()).catch(() => {})
  }
  return {
    query: async (sql) => {
      try {
        target ??= dialectOf(settings).then((dialect) =>
          dialect.connect({ connection: requireDatabase(settings).connection }),
        )
        session ??= target.then((one) => one.openSession('serve'))
        return await (await session).query(sql)
      } catch (error) {
        await close()
        throw error
      }
    },
    close,
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

import {
  type Emit,
  type ErrorEnvelope,
  EXIT,
  isPhasegateError,
  PhasegateError,
  systemClock,
  type UnitName,
  unitName,
} from '@phasegate/core'
import type { FailedAttempts } from '@phasegate/runner'
import { assertSafe, connectRunner, type LoadedRunner, loadRunner, type TargetOptions } from '../target/open-runner.js'
import { createEventMetrics } from '../worker/event-metrics.js'
import { startHealthServer } from '../worker/health-server.js'
import { createHealthKeeper, type HealthKeeper } from '../worker/worker-health.js'
import { wrongName } from './contract.js'

export interface WorkerOptions extends TargetOptions {
  /** Ends it; without one it never ends. */
  readonly signal?: AbortSignal
  /** Contracts too, by the consent that `contract.confirm` of the configuration gives. */
  readonly contract?: boolean
}

/** What a daemon has done in its life. */
export interface WorkerResult {
  readonly applied: readonly UnitName[]
  readonly failed: readonly UnitName[]
}

/** ms between two attempts to go on after an error, doubled each time, with jitter. */
const FIRST_PAUSE = 500
const LONGEST_PAUSE = 15_000

/**
 * Runs every backfill whose gates are open, sleeps while there is none, and does so until `signal` is aborted; then it
 * finishes its batch, gives its leases back and resolves. Any number of them share the work. A database that is away and
 * a unit that fails do not end it. Files are compiled once: another image is another process.
 *
 * @throws what is wrong with settings or files, `CHECK.FINDINGS`, `WORKER.HEALTH_PORT`; and, before the database was
 *   reached for the first time, what trying again never helps with (a wrong password)
 * @example
 * const stop = new AbortController()
 * process.once('SIGTERM', () => stop.abort())
 * await runWorker({ signal: stop.signal, healthPort: 8080, emit: (event) => log(event) })
 */
export async function runWorker(options: WorkerOptions = {}): Promise<WorkerResult> {
  const signal = options.signal ?? new AbortController().signal
  const runner = await loadRunner(options)
  const { settings, beforehand, loaded } = runner
  if (beforehand !== undefined) await assertSafe(beforehand)
  const { healthHost, healthPort, pollInterval, staleAfter } = settings.worker
  const health = createHealthKeeper(systemClock.now, staleAfter)
  const metrics = createEventMetrics()
  const emit: Emit = (event) => {
    health.hear(event)
    metrics.hear(event)
    options.emit?.(event)
  }
  const server =
    healthPort === undefined ? undefined : await startHealthServer(healthHost, healthPort, health.read, metrics.read)
  const stop = (): void => {
    health.stopping()
    emit({ type: 'worker.stopping', reason: reasonOf(signal) })
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    emit({ type: 'worker.started', migrations: loaded.length, pollMs: pollInterval, health: server?.url ?? null })
    const result = await work(runner, { ...options, emit, signal }, health)
    emit({ type: 'worker.stopped', applied: result.applied.length, failed: result.failed.length })
    return result
  } finally {
    signal.removeEventListener('abort', stop)
    await server?.close()
  }
}

/** Connects, works, and connects again after whatever went wrong, until the signal says otherwise. */
async function work(
  runner: LoadedRunner,
  options: WorkerOptions & { readonly emit: Emit; readonly signal: AbortSignal },
  health: HealthKeeper,
): Promise<WorkerResult> {
  const { emit, signal } = options
  const { createFailedAttempts } = await import('@phasegate/runner')
  const memory: Memory = {
    applied: new Set(),
    failed: new Set(),
    attempts: createFailedAttempts(systemClock),
    rounds: 0,
  }
  let failures = 0
  for (;;) {
    const rounds = memory.rounds
    try {
      if (!signal.aborted) await workConnected(runner, options, health, memory)
    } catch (error) {
      if (!signal.aborted) {
        if (
          memory.rounds === 0 &&
          isPhasegateError(error) &&
          (error.exit === EXIT.usage || error.exit === EXIT.consent)
        )
          throw error
        const { code, message } = envelopeOf(error)
        health.unreachable({ code, message })
        // Rounds that went well begin a new count: this is another trouble.
        failures = memory.rounds > rounds ? 1 : failures + 1
        const pause = Math.min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE)
        const retryMs = Math.round(pause * (0.75 + systemClock.random() / 2))
        emit({ type: 'worker.failed', code, reason: message, retryMs })
        // Aborted while it waits: the next turn of the loop sees it.
        await systemClock.sleep(retryMs, signal).catch(() => {})
      }
    }
    if (signal.aborted) return { applied: [...memory.applied], failed: [...memory.failed] }
  }
}

interface Memory {
  readonly applied: Set<UnitName>
  readonly failed: Set<UnitName>
  readonly attempts: FailedAttempts
  /** Rounds in which the journal was read. */
  rounds: number
}

async function workConnected(
  runner: LoadedRunner,
  options: WorkerOptions & { readonly emit: Emit },
  health: HealthKeeper,
  memory: Memory,
): Promise<void> {
  const { runWorkLoop } = await import('@phasegate/runner')
  let told = false
  await connectRunner(
    runner,
    options,
    async ({ context, migrations, settings, target }) => {
      if (runner.beforehand !== migrations) await assertSafe(migrations)
      if (options.contract === true) assertConfirmed(settings.contract.confirm, target.database)
      await runWorkLoop(context, {
        contracts: options.contract === true,
        pollMs: settings.worker.pollInterval,
        attempts: memory.attempts,
        onRound: health.turn,
        onJournal: ({ database }) => {
          memory.rounds++
          health.connected()
          if (!told)
            options.emit({ type: 'worker.connected', database, server: `${target.dialect} ${target.serverVersion}` })
          told = true
        },
        onRun: health.running,
        onOutcome: ({ unit, outcome, error }) => {
          if (outcome === 'applied') memory.applied.add(unitName(unit))
          if (outcome === 'failed') memory.failed.add(unitName(unit))
          if (error !== undefined) health.failed(error)
        },
      })
    },
    // It waits for no one backfill: while one is paused there may be others.
    { whilePaused: 'return', pulse: health.turn },
  )
}

/** @throws `CONSENT.MISSING`, `CONSENT.WRONG` */
function assertConfirmed(confirmed: string | undefined, database: string): void {
  if (confirmed === database) return
  if (confirmed !== undefined) throw wrongName(confirmed, database)
  throw new PhasegateError({
    code: 'CONSENT.MISSING',
    message: 'A worker that runs contracts destroys what they drop, and nobody is asked.',
    why: 'It needs the name of the database as consent, in the configuration.',
    next: [`contract: { confirm: '${database}' }`],
    exit: EXIT.consent,
  })
}

function reasonOf({ reason }: AbortSignal): string {
  return reason instanceof Error ? reason.message : String(reason)
}

function envelopeOf(error: unknown): Pick<ErrorEnvelope, 'code' | 'message'> {
  if (error instanceof PhasegateError) return error
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) }
}

import os from 'node:os'
import {
  type Actor,
  type CompiledBackfill,
  type CompiledMigration,
  type Emit,
  EXIT,
  type LoadedMigration,
  PhasegateError,
  type Session,
  systemClock,
  type Target,
} from '@phasegate/core'
import type { RunnerContext } from '@phasegate/runner'
import type { Finding } from '@phasegate/safety'
import { readSettings, requireDatabase, type SettingsOptions } from '../config/read-settings.js'
import type { Settings } from '../config/settings.js'
import { compileAll, compileBeforehand, compilingFor } from '../load/compile-migrations.js'
import { dialectOf } from '../load/dialect-of.js'
import { loadMigrations } from '../load/load-migrations.js'
import { lockTimeoutOf, openEngineDesk } from './open-engine-desk.js'

/** What every verb that works on a database takes, beside the configuration. */
export interface TargetOptions extends SettingsOptions {
  /** Who does it; default: the CI actor or the system user. */
  readonly by?: string
  /** Name of the token through which it came, where it did. */
  readonly token?: string
  /** Gets every event; default: nobody listens. */
  readonly emit?: Emit
  /** Aborted to stop at the next safe point; its reason is thrown. */
  readonly signal?: AbortSignal
}

/** A verb's way to the database: settings, compiled files, target, and the context the runner wants. */
export interface OpenRunner {
  readonly settings: Settings
  readonly migrations: readonly CompiledMigration[]
  readonly target: Target
  readonly context: RunnerContext
}

/** Runs `work` with a connected target and closes it, whatever happens. No files are read. */
export async function withTarget<T>(
  options: TargetOptions,
  work: (target: Target, settings: Settings) => Promise<T>,
): Promise<T> {
  const settings = await readSettings(options)
  return connected(settings, (target) => work(target, settings))
}

async function connected<T>(settings: Settings, work: (target: Target) => Promise<T>): Promise<T> {
  const { connection } = requireDatabase(settings)
  const target = await (await dialectOf(settings)).connect({ connection })
  try {
    return await work(target)
  } finally {
    await target.close()
  }
}

/** As `withTarget`, with one session of the target. */
export function withSession<T>(
  options: TargetOptions,
  purpose: string,
  work: (session: Session, target: Target, settings: Settings) => Promise<T>,
): Promise<T> {
  return withTarget(options, async (target, settings) => {
    const session = await target.openSession(purpose)
    try {
      return await work(session, target, settings)
    } catch (error) {
      throw translated(target, error, purpose)
    } finally {
      await session.close()
    }
  })
}

/** A driver's error as a coded one; everything else as it is. */
function translated(target: Target, error: unknown, doing: string): unknown {
  return target.isDatabaseError(error) ? target.translate(error, doing) : error
}

/** Settings and files, read and compiled as far as that goes without the database. */
export interface LoadedRunner {
  readonly settings: Settings
  readonly loaded: readonly LoadedMigration[]
  /** Undefined where only the server that is there can say whether the files are right. */
  readonly beforehand: readonly CompiledMigration[] | undefined
}

/**
 * As `withTarget`, with every file loaded and compiled first: nothing is executed before all of them are right. Where the
 * server turns out to be another one than the settings say, and that matters, the same files are compiled once more.
 *
 * @throws what is wrong with the first wrong file; `CHECK.FINDINGS` is the caller's business
 */
export async function withRunner<T>(options: TargetOptions, work: (runner: OpenRunner) => Promise<T>): Promise<T> {
  return connectRunner(await loadRunner(options), options, work)
}

/** The first half of `withRunner`. */
export async function loadRunner(options: TargetOptions): Promise<LoadedRunner> {
  const settings = await readSettings(options)
  requireDatabase(settings)
  const loaded = await loadMigrations(settings)
  return { settings, loaded, beforehand: await compileBeforehand(loaded, settings) }
}

/** How the backfills of a run behave where a person, or nothing at all, is waiting for them. */
export interface RunManner {
  /** What to do with a backfill that is paused; default `wait`. */
  readonly whilePaused?: 'wait' | 'return'
  /** Called whenever a backfill goes on to the next thing. */
  readonly pulse?: () => void
}

/** The second half of `withRunner`, which may be done again after the database was away. */
export function connectRunner<T>(
  { settings, loaded, beforehand }: LoadedRunner,
  options: TargetOptions,
  work: (runner: OpenRunner) => Promise<T>,
  manner: RunManner = {},
): Promise<T> {
  return connected(settings, async (target) => {
    const forServer = await compilingFor(target, settings)
    const migrations =
      forServer === undefined && beforehand !== undefined ? beforehand : await compileAll(loaded, forServer ?? settings)
    const context = await createContext(options, settings, migrations, target, manner)
    try {
      return await work({ settings, migrations, target, context })
    } catch (error) {
      throw translated(target, error, 'running')
    }
  })
}

async function createContext(
  options: TargetOptions,
  settings: Settings,
  migrations: readonly CompiledMigration[],
  target: Target,
  { whilePaused = 'wait', pulse = () => {} }: RunManner,
): Promise<RunnerContext> {
  const [{ DEFAULT_SETTINGS }, gates, backfill] = await Promise.all([
    import('@phasegate/runner'),
    import('@phasegate/gates'),
    import('@phasegate/backfill'),
  ])
  const actor = actorOf(options)
  const emit = options.emit ?? (() => {})
  const signal = options.signal ?? new AbortController().signal
  const { lock } = settings
  const openWorker = (): Promise<Session> => target.openSession('batch')
  return {
    target,
    migrations,
    actor,
    appRoles: settings.appRoles,
    clients: settings.clients,
    clock: systemClock,
    emit,
    signal,
    takenOverrides: new Set(),
    settings: {
      ...DEFAULT_SETTINGS,
      lockTimeout: lockTimeoutOf(target, settings),
      statementTimeout: lock.statementTimeout,
      maxLockWait: lock.maxLockWait,
      retry: { ...DEFAULT_SETTINGS.retry, attempts: lock.retries + 1, totalTime: lock.retryFor },
      announceTime: settings.contract.announce,
    },
    gatesFor: (unit, migration, action) =>
      gates.gatesFor(migration, unit.id.phase, action, settings.gates, settings.clients),
    checkGates: gates.checkGates,
    compareBackfill: rememberAgreement((compiled, compared, except) =>
      backfill.compareBackfill({
        target,
        backfill: compiled,
        compared,
        ...(except === undefined ? {} : { except }),
        openSession: openWorker,
        pulse,
        clock: systemClock,
        signal,
      }),
    ),
    plannedPace: (unit, compiled) =>
      backfill.plannedPace({ target, unit: unit.id, backfill: compiled, pace: settings.backfill.pace }),
    engines: await openEngineDesk({ target, settings, emit, signal }),
    cutOverGates: (_unit, migration) => [...settings.gates.cutover, ...(migration.gates.cutover ?? [])],
    runBackfill: (unit, compiled, withLaneLock) =>
      backfill.runBackfill({
        target,
        unit: unit.id,
        fingerprint: unit.fingerprint,
        backfill: compiled,
        actor,
        owner: `${os.hostname()}:${process.pid}`,
        workers: settings.backfill.workers,
        openSession: openWorker,
        withLaneLock,
        whilePaused,
        pulse,
        pace: settings.backfill.pace,
        clock: systemClock,
        emit,
        signal,
      }),
  }
}

type Compare = RunnerContext['compareBackfill']

/** ms for which one run takes old and new to agree still: a gate is asked several times around one step. */
const AGREEMENT = 60_000

/**
 * Comparing reads the whole table, and a contract asks when it plans, under the lock, after the announcement and before
 * each step that destroys something. Where the last comparison of this run ended less than a minute ago and found nothing,
 * its answer counts; a mismatch is never remembered.
 */
function rememberAgreement(compare: Compare): Compare {
  const agreed = new Map<CompiledBackfill, { readonly at: number; readonly answer: Awaited<ReturnType<Compare>> }>()
  return async (backfill, compared, except) => {
    // Only the gate asks several times in a run, and always the same.
    if (compared !== 'missing') return compare(backfill, compared, except)
    const last = agreed.get(backfill)
    if (last !== undefined && systemClock.now() - last.at < AGREEMENT) return last.answer
    const answer = await compare(backfill, compared)
    if (answer.mismatches === 0) agreed.set(backfill, { at: systemClock.now(), answer })
    return answer
  }
}

/** The name given, the CI actor or the system user; and through what it came, which is what two-person rules count. */
export function actorOf(
  { by, token }: Pick<TargetOptions, 'by' | 'token'>,
  environment: NodeJS.ProcessEnv = process.env,
): Actor {
  const ci = environment.GITHUB_ACTOR ?? environment.GITLAB_USER_LOGIN ?? environment.BUILDKITE_BUILD_CREATOR
  const system = systemUser()
  return {
    by: by ?? environment.PHASEGATE_ACTOR ?? ci ?? system,
    through: {
      ...(token === undefined ? {} : { token }),
      ...(ci === undefined ? {} : { ciActor: ci }),
      user: system,
      host: os.hostname(),
      pid: String(process.pid),
    },
  }
}

function systemUser(): string {
  try {
    return os.userInfo().username
  } catch {
    // A container may run under a number that has no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

/** How the file that a finding is about accepts it. */
function allowOf({ rule, where }: Finding): string {
  return where.file.endsWith('.sql') ? `-- allow: ${rule} because …` : `allow('${rule}', 'because …', …)`
}

/** Refuses migrations with unaccepted findings, before the first lock is taken (exit 2; under `check` they are exit 8). */
export async function assertSafe(migrations: readonly CompiledMigration[]): Promise<void> {
  const { checkMigration } = await import('@phasegate/safety')
  const findings = migrations.flatMap(checkMigration).filter((finding) => finding.severity === 'error')
  const first = findings[0]
  if (first === undefined) return
  throw new PhasegateError({
    code: 'CHECK.FINDINGS',
    message: `The safety check refuses ${findings.length === 1 ? 'a statement' : `${findings.length} statements`}; the first: ${first.rule}, ${first.message}`,
    why: first.why,
    next: ['phasegate check', `Write it the safe way, or accept it: ${allowOf(first)}`],
    ...(first.where === undefined ? {} : { where: first.where }),
    exit: EXIT.usage,
    meta: { findings },
  })
}

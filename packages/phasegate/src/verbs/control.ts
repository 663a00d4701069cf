import {
  EXIT,
  findUnit,
  type JournalSnapshot,
  PhasegateError,
  type Session,
  type Target,
  type UnitName,
  type UnitRecord,
  unitName,
} from '@phasegate/core'
import { resolveMigration } from '../load/resolve-unit.js'
import { actorOf, type TargetOptions, withSession } from '../target/open-runner.js'

export interface ControlOptions extends TargetOptions {
  /** By slug or unique prefix; `pause` and `resume` without one are about the whole target. */
  readonly migration?: string
  /** Also cancels the statement that runs. */
  readonly now?: boolean
  readonly reason?: string
}

export interface ResumeOptions extends ControlOptions {
  /**
   * Rows that all workers of the migration together may change a second from now on; null takes the bound away. Takes
   * effect within a batch where it runs, and stays with the unit.
   */
  readonly pace?: { readonly maxRowsPerSecond: number | null }
}

export interface ControlResult {
  /** Null: the whole target. */
  readonly unit: UnitName | null
  readonly action: 'pause' | 'resume' | 'cancel'
  /** The state of the unit when it was asked. */
  readonly state: string
}

/**
 * Pauses a backfill within a batch, from any machine; without a migration holds every backfill of the target.
 *
 * @throws `BACKFILL.NOT_RUNNING`, `JOURNAL.MISSING`
 */
export function runPause(options: ControlOptions = {}): Promise<ControlResult> {
  return control(options, 'pause')
}

/**
 * Lets a paused backfill go on: one that waits does at once, one whose process ended with the next `backfill`, or with a
 * `worker` that runs. One that failed is given free for another try in the same way.
 */
export function runResume(options: ResumeOptions = {}): Promise<ControlResult> {
  return control(options, 'resume')
}

/** Ends a backfill; its cursor is kept, and `backfill <migration>` goes on from there. */
export function runCancel(options: ControlOptions & { readonly migration: string }): Promise<ControlResult> {
  return control(options, 'cancel')
}

function control(options: ResumeOptions, action: ControlResult['action']): Promise<ControlResult> {
  return withSession(options, action, async (session, target, settings) => {
    const actor = actorOf(options)
    const snapshot = await target.journal.read(session)
    if (!snapshot.exists) throw noJournal(snapshot.database)
    if (options.migration === undefined) {
      await target.journal.hold(session, action === 'resume' ? null : { reason: options.reason ?? '' }, actor)
      // A held target stops every worker after its batch; `now` is for those that must not even end it.
      if (action === 'pause' && options.now === true) await cancelStatements(target, session, snapshot)
      return { unit: null, action, state: action === 'resume' ? 'free' : 'held' }
    }
    const engine = engineUnitOf(snapshot, options.migration)
    if (engine !== undefined) return controlEngine(engine)
    const record = backfillOf(snapshot, options.migration)
    assertFits(record, action)
    await ask(record)
    return { unit: unitName(record), action, state: record.state }

    /** Whoever supervises it hears that within seconds; where nobody does, it is ended here. */
    async function controlEngine(record: UnitRecord): Promise<ControlResult> {
      const unit = { migration: record.migration, phase: record.phase }
      await target.journal.request(session, unit, action === 'resume' ? null : { action, now: false }, actor)
      if (action === 'cancel' && record.state !== 'running') {
        const [{ endEngineRuns }, { openEngineDesk }] = await Promise.all([
          import('@phasegate/runner'),
          import('../target/open-engine-desk.js'),
        ])
        const emit = options.emit ?? (() => {})
        const signal = options.signal ?? new AbortController().signal
        const engines = await openEngineDesk({ target, settings, emit, signal })
        await endEngineRuns({ target, engines }, session, unit)
        await target.journal.request(session, unit, null, actor)
        // What a contract has begun still counts against old builds, whatever became of its engine.
        if (unit.phase === 'expand') await target.journal.changeUnit(session, unit, { state: 'cancelled' }, actor)
      }
      return { unit: unitName(unit), action, state: record.state }
    }

    async function ask(record: UnitRecord): Promise<void> {
      const { askBackfill, resumeBackfill } = await import('@phasegate/backfill')
      const request = { target, session, unit: { migration: record.migration, phase: 'backfill' as const }, actor }
      if (options.pace !== undefined) await target.backfill.setPace(session, request.unit, options.pace)
      if (action === 'resume') await resumeBackfill(request)
      else await askBackfill(request, action, options.now)
    }
  })
}

async function cancelStatements(target: Target, session: Session, snapshot: JournalSnapshot): Promise<void> {
  for (const unit of snapshot.units.filter((one) => one.phase === 'backfill' && one.state === 'running')) {
    for (const worker of await target.backfill.workers(session, unit)) {
      if (worker.alive) await target.cancelStatement(session, worker.backend)
    }
  }
}

/** The unit of a migration that an engine works on, or was left with; undefined: the word is about its backfill. */
function engineUnitOf(snapshot: JournalSnapshot, text: string): UnitRecord | undefined {
  const at = snapshot.units.filter(
    (unit) => unit.phase !== 'backfill' && ENGINE_STATES.includes(unit.state) && unit.progress?.engine != null,
  )
  const [, name = text, phase] = /^(.*):(expand|contract)$/.exec(text) ?? []
  const known = at.filter((unit) => phase === undefined || unit.phase === phase)
  try {
    const migration = resolveMigration(
      name,
      known.map((unit) => unit.migration),
    )
    return known.find((unit) => unit.migration === migration)
  } catch (error) {
    if (phase !== undefined) throw error
    return undefined
  }
}

const ENGINE_STATES: readonly string[] = ['pending', 'running', 'interrupted', 'prepared', 'contracting', 'failed']

function backfillOf(snapshot: JournalSnapshot, text: string): UnitRecord {
  const known = snapshot.units.filter((unit) => unit.phase === 'backfill').map((unit) => unit.migration)
  const name = resolveMigration(text.replace(/:backfill$/, ''), known)
  return findUnit(snapshot, name, 'backfill')!
}

const FITS: Readonly<Record<ControlResult['action'], readonly string[]>> = {
  pause: ['running', 'verifying', 'interrupted'],
  resume: ['paused', 'running', 'verifying', 'interrupted', 'failed'],
  cancel: ['running', 'verifying', 'paused', 'interrupted'],
}

function assertFits(record: UnitRecord, action: ControlResult['action']): void {
  if (FITS[action].includes(record.state)) return
  throw new PhasegateError({
    code: 'BACKFILL.NOT_RUNNING',
    message: `${unitName(record)} is ${record.state}; there is nothing to ${action}.`,
    next: [
      record.state === 'applied' ? `phasegate status ${record.migration}` : `phasegate backfill ${record.migration}`,
    ],
    exit: EXIT.usage,
  })
}

function noJournal(database: string): PhasegateError {
  return new PhasegateError({
    code: 'JOURNAL.MISSING',
    message: `There is no journal in ${database}: nothing was ever applied here.`,
    next: ['phasegate expand'],
    exit: EXIT.usage,
  })
}

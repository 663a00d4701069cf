import { EXIT, isPhasegateError, type PhasegateError } from '@phasegate/core'
import { finishBackfill } from './finish-backfill.js'
import { type BackfillOptions, type BackfillSettings, backfillSettings, PAUSE_POLL_MS } from './options.js'
import type { BackfillOutcome } from './outcome.js'
import { createPace } from './pace/pace.js'
import { createReclaimer, type Reclaimer } from './pace/reclaim.js'
import { type Prepared, prepareBackfill, rowsDone } from './prepare-backfill.js'
import { startProgress } from './progress/progress.js'
import { createProgressLog } from './progress/progress-log.js'
import { runRanges } from './range/run-ranges.js'
import type { Walk } from './range/walk.js'
import type { Collector } from './throttle/collector.js'
import { watchServer } from './throttle/watch-server.js'
import { verifyBackfill } from './verify/verify-backfill.js'
import { withinDeadline } from './worker/answer-deadline.js'
import { readAgain } from './worker/conflict.js'
import { type Crew, createCrew } from './worker/crew.js'
import { createWorkerSession, type WorkerSession } from './worker/worker-session.js'

/**
 * Takes one backfill unit as far as it can: ranges, batches, verification, catch-up passes. May be called by any number
 * of processes at once and after any crash: all of them share the work, one verifies and ends the unit, and each resolves
 * when it has ended; who comes later goes on from the cursors.
 *
 * Resolves with how it ended; failures that belong to the unit are recorded in the journal and returned as `failed`.
 * Rejects, leaving the unit as it was, with what is wrong with the file (`BACKFILL.NO_TABLE`, `BACKFILL.NO_COLUMN`,
 * `BACKFILL.NO_KEY`, `BACKFILL.EXPRESSION`, `BACKFILL.CHANGED`), when the database stays out of reach
 * (`DATABASE.UNREACHABLE`), and with the signal's reason: the unit is then `running` without a runner, resumable.
 *
 * @example
 * const outcome = await runBackfill({
 *   target, unit, fingerprint, backfill, actor, owner: `${hostname()}:${process.pid}`,
 *   openSession: () => target.openSession('backfill'), withLaneLock, clock: systemClock, emit,
 * })
 */
export async function runBackfill(options: BackfillOptions): Promise<BackfillOutcome> {
  const settings = backfillSettings(options)
  const watch = watchServer(settings)
  const worker = createWorkerSession(settings)
  let collector: Collector | undefined
  let reclaimer: Reclaimer | undefined
  try {
    const prepared = await prepareOrWait(settings, worker)
    if (prepared.state !== 'ready') return prepared
    const start = startProgress({
      done: prepared.rows,
      walked: prepared.walked,
      tableRows: prepared.table.estimatedRows,
      every: settings.backfill.where === undefined,
    })
    const log = createProgressLog(settings, worker, start)
    collector = watch()
    reclaimer = createReclaimer(settings, prepared.table)
    const pace = createPace({ ...settings, collector, reclaimer })
    const crew = createCrew(settings, worker, { key: prepared.table.key, log, pace })
    try {
      await collector?.ready
      return await runPasses(crew)
    } catch (caught) {
      const { target } = settings
      const lost = !isPhasegateError(caught) && target.classify(caught) === 'connection'
      const error = lost ? target.translate(caught, 'ending a backfill') : caught
      if (!isPhasegateError(error) || error.exit === EXIT.unreachable || settings.signal?.aborted) throw error
      const rows = await (error.code === 'DATABASE.DISK_FULL'
        ? recordWithoutRoom(crew.lead, error)
        : recordFailure(crew.lead, error))
      settings.emit({ type: 'unit.changed', unit: settings.unit, state: 'failed', reason: error.message })
      return { state: 'failed', rows, error }
    } finally {
      await crew.lead.log.ended()
      await crew.close()
    }
  } finally {
    await reclaimer?.close()
    await collector?.close()
    await worker.close()
  }
}

async function prepareOrWait(settings: BackfillSettings, worker: WorkerSession): Promise<Prepared> {
  for (;;) {
    const prepared = await readAgain(
      settings,
      worker,
      (session) => prepareBackfill(settings, session),
      () => {},
    )
    if (prepared.state !== 'paused' || settings.whilePaused === 'return') return prepared
    settings.emit({ type: 'backfill.waiting', unit: settings.unit, reason: prepared.reason })
    await settings.clock.sleep(PAUSE_POLL_MS, settings.signal)
  }
}

async function runPasses(crew: Crew): Promise<BackfillOutcome> {
  const { lead } = crew
  for (let pass = 0; ; pass++) {
    const ran = await runRanges(crew)
    if (ran.state !== 'whole') return ran
    await lead.log.whole()
    const verified = await verifyBackfill(lead, pass)
    if (verified.state === 'another pass') continue
    if (verified.state !== 'compared' && verified.state !== 'ranges whole') return verified
    const finished = await finishBackfill(lead, verified, lead.settings.catchUpPasses - pass)
    if (finished.state !== 'another pass') return finished
  }
}

async function recordFailure({ settings, worker }: Walk, error: PhasegateError): Promise<number> {
  return await readAgain(
    settings,
    worker,
    async (session) => {
      const { target, unit, actor } = settings
      await target.journal.changeUnit(session, unit, { state: 'failed', error: error.toJSON() }, actor)
      return await rowsDone(settings, session)
    },
    () => {},
  )
}

/** ms for writing down that there is no room on the disk. */
const RECORD_MS = 5000

/**
 * Where there is no room for this either, or the server keeps whoever writes waiting, the failure is thrown instead, and
 * the unit stays `running` without a runner.
 */
async function recordWithoutRoom({ settings, worker }: Walk, error: PhasegateError): Promise<number> {
  const { target, unit, actor, clock } = settings
  try {
    const session = await worker.get()
    const recorded = target.journal.changeUnit(session, unit, { state: 'failed', error: error.toJSON() }, actor)
    await withinDeadline(recorded, RECORD_MS, clock)
    return await rowsDone(settings, session)
  } catch {
    // What is wrong is known, and said below; whoever waits for the server is let go with its session.
    await worker.close()
    throw error
  }
}

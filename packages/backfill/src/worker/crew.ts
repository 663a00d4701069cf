import type { BackfillKey } from '@phasegate/core'
import { createBatchEnds } from '../batch/batch-end.js'
import { createBatchSize } from '../batch/batch-size.js'
import type { BackfillSettings } from '../options.js'
import type { ProcessPace } from '../pace/pace.js'
import { createThrottleLog } from '../pace/throttle-log.js'
import type { ProgressLog } from '../progress/progress-log.js'
import type { Walk } from '../range/walk.js'
import { createWorkerSession, type WorkerSession } from './worker-session.js'

/** The workers of one process. */
export interface Crew {
  /** The first worker's session, for what is done once, while no worker is at work. */
  readonly lead: Walk
  /** Each with a session and a batch size of its own. */
  readonly walks: readonly Walk[]
  /** Has the others stop at their next safe point; their ranges stay as they are. */
  stop(reason: unknown): void
  close(): Promise<void>
}

/** What all workers of a process share. */
export interface Shared {
  readonly key: BackfillKey
  readonly log: ProgressLog
  readonly pace: ProcessPace
}

export function createCrew(settings: BackfillSettings, first: WorkerSession, { key, log, pace }: Shared): Crew {
  const stopping = new AbortController()
  const signals = [stopping.signal, ...(settings.signal === undefined ? [] : [settings.signal])]
  const signal = AbortSignal.any(signals)
  const { backfill, limits, workers, owner } = settings
  const throttle = createThrottleLog(settings, log)
  const walkOf = (worker: WorkerSession, of: BackfillSettings): Walk => ({
    settings: of,
    worker,
    key,
    ends: createBatchEnds(key.wholeNumbers === true),
    size: createBatchSize({ first: backfill.batchSize, targetMs: backfill.batchTime, limits, clock: settings.clock }),
    log,
    pace: pace.worker(),
    throttle,
  })
  const walks = Array.from({ length: workers }, (_, index) => {
    const own = { ...settings, signal, owner: workers === 1 ? owner : `${owner}/${index + 1}` }
    return walkOf(index === 0 ? first : createWorkerSession(own), own)
  })
  return {
    lead: walkOf(first, settings),
    walks,
    stop: (reason) => stopping.abort(reason),
    close: async () => {
      await Promise.all(walks.map(({ worker }) => worker.close()))
    },
  }
}

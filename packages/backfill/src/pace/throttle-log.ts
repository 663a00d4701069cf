import type { BackfillSettings } from '../options.js'
import type { ProgressLog } from '../progress/progress-log.js'
import type { WorkerSession } from '../worker/worker-session.js'
import type { Hold } from './hold.js'

/** Says what is in the way of the next batch: an event for each beginning and end, and in the progress as long as it is. */
export interface ThrottleLog {
  /** It waits for `ms` of this. */
  held(hold: Hold, worker: WorkerSession): Promise<void>
  /** A batch begins. `rested`: what it had to wait for since the one before; what only slows it down goes on. */
  free(rested: Hold | undefined, worker: WorkerSession): Promise<void>
}

export function createThrottleLog(
  { emit, unit }: Pick<BackfillSettings, 'emit' | 'unit'>,
  log: Pick<ProgressLog, 'throttled'>,
): ThrottleLog {
  let hold: Hold | undefined
  /** To be kept under a rate is what was asked for, and room has to be made: no events. */
  const tell = (now: Hold | undefined): void => {
    const before = hold
    // Being kept under a rate as well does not end a slowness, which is over with the first batch that needs no such rest.
    if (now?.silent === true && before?.kind === 'rest' && before.silent !== true) return
    hold = now
    if (before?.from === now?.from && before?.kind === now?.kind) return
    if (now !== undefined && now.silent !== true)
      emit({ type: 'backfill.throttled', unit, level: now.kind === 'stop' ? 'stop' : 'slow', reason: now.reason })
    else if (before !== undefined && before.silent !== true)
      emit({ type: 'backfill.throttled', unit, level: null, reason: null })
  }
  return {
    held: async (now, worker) => {
      tell(now)
      await log.throttled(now.reason, now.ms, worker)
    },
    free: async (rested, worker) => {
      if (hold === undefined) return
      if (rested !== undefined && hold.kind === 'rest' && (hold.silent === true || rested.silent !== true)) return
      tell(undefined)
      await log.throttled(null, 0, worker)
    },
  }
}

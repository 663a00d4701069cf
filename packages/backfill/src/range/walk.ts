import type { BackfillKey } from '@phasegate/core'
import type { BatchEnds } from '../batch/batch-end.js'
import type { BatchSize } from '../batch/batch-size.js'
import type { BackfillSettings } from '../options.js'
import type { WorkerPace } from '../pace/pace.js'
import type { ThrottleLog } from '../pace/throttle-log.js'
import type { ProgressLog } from '../progress/progress-log.js'
import type { WorkerSession } from '../worker/worker-session.js'

/** What one worker walks ranges with. */
export interface Walk {
  readonly settings: BackfillSettings
  readonly worker: WorkerSession
  readonly key: BackfillKey
  readonly ends: BatchEnds
  readonly size: BatchSize
  readonly log: ProgressLog
  readonly pace: WorkerPace
  readonly throttle: ThrottleLog
}

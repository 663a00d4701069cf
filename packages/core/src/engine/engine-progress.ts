import { NO_PROGRESS, type UnitProgress } from '../journal/unit-progress.js'
import type { EngineName } from './engine-task.js'

/** How far an engine is, in the words of a backfill's progress where they say the same. */
export interface EngineProgress {
  readonly engine: EngineName
  /** `starting`, `copying`, `building` (indexes), `held`, `cutting over`, in words that `status` shows as they are. */
  readonly state: 'starting' | 'copying' | 'building' | 'catching up' | 'held' | 'cutting over'
  /** Rows copied; null where the tool does not say. */
  readonly done: number | null
  /** Rows expected; null where unknown, which an estimate of 0 or below what is done is. */
  readonly total: number | null
  /** 0 to 100; null where unknown, 100 only when the copy is complete. */
  readonly percent: number | null
  readonly rowsPerSecond: number | null
  /** Null where unknown. */
  readonly etaSeconds: number | null
  /** Seconds that the tool, or the replica it looks at, is behind; null where it does not say. */
  readonly lagSeconds: number | null
  readonly paused: boolean
  /** Why it waits, whoever makes it wait; null where nothing does. */
  readonly throttleReason: string | null
}

/** The same in the form of a backfill's. */
export function unitProgressOf(progress: EngineProgress): UnitProgress {
  const { engine, state, lagSeconds, done, ...rest } = progress
  const { walked: _walked, batches: _batches, ...none } = NO_PROGRESS
  return { ...none, ...rest, done: done ?? 0, engine: { name: engine, state, lagSeconds } }
}
